import Glibc
import Orchestrator
import Protocol
import Store

/// Follows a running trial without a dashboard: progress lines, lifecycle events, and the exit status at its end.
struct TrialFollower {
    enum Format {
        case text
        case json
    }

    let id: TrialID
    let home: HomeFolder
    let format: Format

    /// How often the store is asked whether anything new was committed.
    private static let interval = Duration.milliseconds(250)
    /// No more than one progress line in this time, so that a log of a long trial stays readable.
    private static let lineInterval: Int64 = 1_000_000_000

    /// Prints until the trial has ended. Ctrl-C (or SIGTERM) stops the trial in order; a second one leaves it to stop alone.
    /// - Returns: the exit status the command should have.
    func run() throws -> Int32 {
        let signals = try SignalDescriptor([SIGINT, SIGTERM])
        let run = try StoredRun.open(path: home.trial(id).database)
        var printer = ProgressPrinter(format: format)
        var counter: Int64 = -1, lastLine: Int64?, stops = 0
        while true {
            let isSignalled = try Poller.wait([signals.pollItem], timeout: Self.interval)[0]
            if isSignalled, signals.next() != nil {
                stops += 1
                if stops > 1 { return ExitCode.stopped }
                Output.note("stopping \(id) in order; once more to leave it to stop by itself")
                Output.note(try TrialControl.send(.stop, worker: nil, to: id, home: home, timeout: .seconds(10)))
            }
            let changed = try run.changeCounter()
            let overview = try TrialList.one(id, home: home)
            let now = RunClock.bootNanoseconds()
            let isDue = lastLine.map { now - $0 >= Self.lineInterval } ?? true
            if changed != counter, isDue || overview.status.isTerminal {
                counter = changed
                lastLine = now
                try printer.print(run.snapshot(RunQuery(timelineWindow: 0, columns: 1, logLimit: 0)))
            }
            if overview.status.isTerminal {
                try printer.printEnd(overview)
                return Self.exitCode(for: overview.status)
            }
        }
    }

    static func exitCode(for status: TrialStatus) -> Int32 {
        switch status {
        case .completed: ExitCode.success
        case .stopped: ExitCode.stopped
        default: ExitCode.failure
        }
    }
}
