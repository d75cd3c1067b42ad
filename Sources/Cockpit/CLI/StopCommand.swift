import ArgumentParser
import Glibc
import Orchestrator
import Protocol

/// Stops a running trial, from any shell.
struct StopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop a running trial so that it loses nothing; works from any shell.",
        discussion: """
            The trial ends the step under way and saves it, however long that takes, as long as its workers move. A second
            stop hurries: it saves the newest whole step and leaves the one under way; a third kills.
            Ctrl-C leaves the trial to stop by itself.
            """)

    @OptionGroup var trial: TrialOptions

    @Option(help: "Where workers run: \(Schedulers.names.joined(separator: ", ")).")
    var mode = Schedulers.standard

    @Option(
        help: "When it must be over, such as 20s or 2m: the newest whole step is saved first, then it ends by force.")
    var stopWithin: TimeSpan?

    @Option(help: "How long to wait for it, such as 30 or 10m; the trial stops all the same. Without it: until it has.")
    var timeout: TimeSpan?

    @Flag(help: "Print JSON.")
    var json = false

    private struct Report: Encodable {
        let trial: String
        let status: TrialStatus
        let detail: String
    }

    func run() throws {
        try Schedulers.check(mode)
        let id = try trial.id(), home = Environment.home
        let before = try TrialList.one(id, home: home)
        if before.status.isTerminal {
            throw CommandError("\(id) is not running: it is \(before.status.rawValue)", exitCode: ExitCode.failure)
        }
        let message = try TrialControl.send(
            .stop, within: stopWithin?.duration, to: id, home: home, timeout: .seconds(10))
        if !json { Output.note(message) }
        var told = message
        let end = try TrialControl.waitForEnd(of: id, home: home, patience: timeout?.duration) { detail in
            if !json, !detail.isEmpty, !told.hasSuffix(detail) { Output.note(detail) }
            told = detail
        }
        guard end.status.isTerminal else {
            throw CommandError(
                "\(id) is still \(end.status.rawValue): \(end.statusDetail)",
                hint:
                    "look at it with: cockpit show -e \(id.experiment) -f \(id.trial); hurry it with: cockpit stop again",
                exitCode: ExitCode.failure)
        }
        if json { return try Output.json(Report(trial: id.description, status: end.status, detail: end.statusDetail)) }
        let detail = end.statusDetail.isEmpty ? "" : ": \(end.statusDetail)"
        Output.line("\(id) \(end.status.rawValue) at step \(end.step)\(detail)")
    }
}

/// A length of time as people type it: `20`, `20s`, `1.5m`, `2h`.
struct TimeSpan: ExpressibleByArgument {
    let duration: Duration

    init?(argument: String) {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
        let unit = argument.last.flatMap { units[$0] }
        guard let number = Double(unit == nil ? argument : String(argument.dropLast())), (0...1e6).contains(number)
        else {
            return nil
        }
        duration = .seconds(number * (unit ?? 1))
    }
}
