package import Protocol

/// A named recipe: its settings and the plan they make.
package protocol Experiment: Sendable {
    var name: String { get }
    /// One line for a list.
    var summary: String { get }
    /// Every knob with its default, in the order a form shows them.
    var settings: [Setting] { get }
    /// The plan for these values. Pure: touches no file and starts nothing.
    func plan(_ settings: Settings, id: TrialID) throws(ConfigurationError) -> TrialPlan
    /// Makes what the experiment brings itself and does not find, such as its generated dataset.
    func prepare(_ settings: Settings, home: HomeFolder) throws
}

extension Experiment {
    package func prepare(_ settings: Settings, home: HomeFolder) throws {}
}
