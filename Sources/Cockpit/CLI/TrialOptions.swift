import ArgumentParser
import Protocol

/// The two names of a trial, as every command takes them.
struct TrialOptions: ParsableArguments {
    @Option(name: [.customShort("e"), .customLong("experiment")], help: "The experiment: a registered recipe.")
    var experiment: String

    @Option(name: [.customShort("f"), .customLong("trial")], help: "The trial: one run of it. No '_' and no '/'.")
    var trial: String

    func id() throws -> TrialID {
        TrialID(experiment: try ExperimentName(experiment), trial: try TrialName(trial))
    }
}

/// How the dashboard looks.
struct AppearanceOptions: ParsableArguments {
    @Option(help: "A theme by name, or the path of a .theme file.")
    var theme: String?

    @Flag(help: "Draw with ASCII characters only.")
    var ascii = false

    /// The environment with what is asked for here.
    func environment(_ variables: [String: String]) -> [String: String] {
        ascii ? variables.merging(["COCKPIT_ASCII": "1"]) { _, asked in asked } : variables
    }
}
