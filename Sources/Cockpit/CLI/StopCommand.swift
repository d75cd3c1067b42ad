import ArgumentParser
import Glibc
import Orchestrator
import Protocol

/// Stops a running trial, from any shell.
struct StopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop a running trial in order; works from any shell.")

    @OptionGroup var trial: TrialOptions

    @Option(help: "Where workers run: local.")
    var mode = "local"

    @Option(help: "Seconds to wait until it has stopped.")
    var timeout = 30.0

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let id = try trial.id(), home = Environment.home
        let before = try TrialList.one(id, home: home)
        if before.status.isTerminal {
            throw CommandError("\(id) is not running: it is \(before.status.rawValue)", exitCode: ExitCode.failure)
        }
        let message = try TrialControl.send(.stop, worker: nil, to: id, home: home, timeout: .seconds(10))
        if !json { Output.note(message) }
        let status = try TrialControl.waitForEnd(of: id, home: home, patience: .seconds(timeout))
        guard status.isTerminal else {
            throw CommandError(
                "\(id) is still \(status.rawValue) after \(timeout) s",
                hint: "look at it with: cockpit show -e \(id.experiment) -f \(id.trial)",
                exitCode: ExitCode.failure)
        }
        if json { return try Output.json(["trial": id.description, "status": status.rawValue]) }
        Output.line("\(id) \(status.rawValue)")
    }
}
