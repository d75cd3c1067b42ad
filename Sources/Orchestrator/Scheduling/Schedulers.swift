import Protocol

/// A kind of place where workers run, by the name that `--mode` asks for it.
protocol Scheduler: SendableMetatype {
    static var name: String { get }
    /// Whatever brings the workers of one trial to life there.
    static func spawner(of folder: TrialFolder, runtime: RuntimeFolder) -> any WorkerSpawner
}

/// Every scheduler there is.
package enum Schedulers {
    static let all: [any Scheduler.Type] = [LocalScheduler.self]
    /// Where workers run unless another place is asked for.
    package static let standard = LocalScheduler.name

    package static var names: [String] { all.map { $0.name } }

    /// - Throws: `ConfigurationError` for a name that nobody has.
    package static func check(_ name: String) throws(ConfigurationError) { _ = try named(name) }

    static func named(_ name: String) throws(ConfigurationError) -> any Scheduler.Type {
        if let scheduler = all.first(where: { $0.name == name }) { return scheduler }
        throw ConfigurationError(
            .badValue, "there is no mode '\(name)'.\(Suggestion.phrase(for: name, among: names))",
            hint: "workers run with --mode \(names.joined(separator: " or "))")
    }
}

/// Workers as processes of this machine.
enum LocalScheduler: Scheduler {
    static let name = "local"

    static func spawner(of folder: TrialFolder, runtime: RuntimeFolder) -> any WorkerSpawner {
        LocalSpawner(folder: folder, runtime: runtime)
    }
}
