import Glibc
import Orchestrator
import Protocol
import Store

/// A trial in the foreground without a dashboard: progress lines, lifecycle events, and the exit status at its end.
///
/// It and the trial's orchestrator are one stop, whoever of them is signalled, and in whichever order.
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
    /// A trial whose files were removed puts them back within a second; one that is gone for so long is.
    private static let longestGap: Int64 = 3_000_000_000
    /// How long an orchestrator may take to leave after its trial has ended.
    private static let closing = Duration.seconds(10)
    /// After so many signals a person wants their shell back, whatever the trial does.
    private static let lastSignal = 4

    /// Starts a trial and follows it to its end. From the moment there may be a trial, signals are meant for it.
    /// - Returns: the exit status the command should have.
    static func start(_ request: LaunchRequest, home: HomeFolder, format: Format) throws -> Int32 {
        var signals: SignalDescriptor?
        let started = try TrialLauncher.start(request, home: home) {
            signals = try SignalDescriptor(SignalDescriptor.stops)
        }
        if let beginning = StartNote.text(of: started, request) { Output.note(beginning) }
        return try TrialFollower(id: started.id, home: home, format: format).run(signals)
    }

    /// Prints until the trial has ended. A signal to stop stops it and loses nothing, a second one hurries, a third kills.
    func run(_ given: SignalDescriptor? = nil) throws -> Int32 {
        let signals = try given ?? SignalDescriptor(SignalDescriptor.stops)
        let run = try StoredRun.open(path: home.trial(id).database)
        var printer = ProgressPrinter(format: format)
        var counter: Int64 = -1, lastLine: Int64?, missingSince: Int64?, stops = 0
        var orchestrator: ProcessWatch?, awaited: String?
        while true {
            let isSignalled = try Poller.wait([signals.pollItem], timeout: Self.interval)[0]
            if isSignalled, signals.next() != nil {
                stops += 1
                if stops >= Self.lastSignal { return leave() }
                stop(asked: stops)
            }
            let changed = try run.changeCounter()
            let now = RunClock.bootNanoseconds(), isOver = missingSince.map { now - $0 >= Self.longestGap } ?? false
            let found = Result { try TrialList.one(id, home: home) }
            if !isOver, (try? found.get())?.status ?? .lost == .lost {
                missingSince = missingSince ?? now
                continue
            }
            missingSince = nil
            let overview = try found.get()
            orchestrator = orchestrator ?? overview.orchestratorPID.flatMap { ProcessWatch(pid: $0) }
            if let refusal = overview.refusal, refusal.awaited != awaited {
                // How much room there is changes all the time; what is waited for is news.
                Output.note("\(overview.id): \(refusal.text)")
            }
            awaited = overview.refusal?.awaited
            let isDue = lastLine.map { now - $0 >= Self.lineInterval } ?? true
            if changed != counter, isDue || overview.status.isTerminal {
                counter = changed
                lastLine = now
                try printer.print(run.snapshot(RunQuery(timelineWindow: 0, columns: 1, logLimit: 0)))
            }
            if overview.status.isTerminal {
                try printer.printEnd(overview)
                // Who follows may be all that keeps a container alive, or the one before the next start.
                _ = try orchestrator?.waitForEnd(Self.closing)
                return overview.status.exitCode
            }
        }
    }

    private func stop(asked times: Int) {
        do {
            let answer = try TrialControl.send(.stop, to: id, home: home, timeout: .seconds(10))
            Output.note(times == 1 ? "\(answer) (once more to hurry)" : answer)
        } catch let error as ControlError where error.code == .notRunning {
            // It has ended meanwhile; how, the next look says.
        } catch {
            Output.note("\(id) could not be told to stop: \(describe(error))")
        }
    }

    private func leave() -> Int32 {
        Output.note("left; \(id) may still be running: cockpit show -e \(id.experiment) -f \(id.trial)")
        return ExitCode.stopped
    }
}

/// What a person should know about where a trial begins.
enum StartNote {
    /// nil for a new trial.
    static func text(of started: StartedTrial, _ request: LaunchRequest) -> String? {
        guard request.recoverMode == .resume else { return nil }
        if started.resumeStep > 0 { return "\(started.id) goes on from step \(started.resumeStep)" }
        if request.resumeFrom == 0 { return "\(started.id) begins anew, as --resume-from 0 asks for" }
        return started.recordedStep > 0
            ? "\(started.id) begins anew: no checkpoint was written before it ended at step \(started.recordedStep)"
            : "\(started.id) begins anew"
    }
}
