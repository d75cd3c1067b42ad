import ArgumentParser
import Orchestrator
import Protocol

/// Opens the dashboard on a trial as it goes on.
struct AttachCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach", abstract: "Watch a trial on the dashboard; leaving does not stop it.")

    @OptionGroup var trial: TrialOptions
    @OptionGroup var appearance: AppearanceOptions

    func run() throws {
        let id = try trial.id()
        _ = try TrialList.one(id, home: Environment.home)
        try DashboardRunner(home: Environment.home, appearance: appearance).run(.live(id))
    }
}

/// Opens the dashboard on a trial from its start.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Look at a trial again, from its start, on the same screens.")

    @OptionGroup var trial: TrialOptions
    @OptionGroup var appearance: AppearanceOptions

    func run() throws {
        let id = try trial.id()
        _ = try TrialList.one(id, home: Environment.home)
        try DashboardRunner(home: Environment.home, appearance: appearance).run(.replay(id))
    }
}
