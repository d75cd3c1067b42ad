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

/// All experiments, those that run as they are first. Adding one is a file in this folder and a line here.
package enum Experiments {
    package static let all: [any Experiment] = [
        ArithmeticGRPOExperiment(),
        ArithmeticSFTExperiment(),
        GRPOExperiment(),
        SFTExperiment(),
    ]

    /// The experiment of that name, or an error that suggests one.
    package static func find(_ name: String) throws(ConfigurationError) -> any Experiment {
        if let found = all.first(where: { $0.name == name }) { return found }
        throw ConfigurationError(
            .unknownExperiment, "unknown experiment '\(name)'.\(Suggestion.phrase(for: name, among: all.map(\.name)))",
            hint: "cockpit experiments lists them: \(all.map(\.name).joined(separator: ", "))")
    }

    /// The resolved settings of an experiment: defaults, then the file, then the overrides.
    package static func resolve(
        _ experiment: any Experiment, configFile: String?, overrides: [String], paths: PathExpansion
    ) throws(ConfigurationError) -> Settings {
        var settings = Settings(experiment.settings, paths: paths)
        if let configFile { try SettingsFile.apply(configFile, to: &settings) }
        try settings.apply(overrides: overrides)
        return settings
    }
}
