import Protocol
import Synchronization
import Testing

@testable import Cockpit
@testable import Store

/// A world without processes and files.
final class FakeBackend: Backend {
    private let items: [TrialItem]
    private let snapshot: RunSnapshot?
    private let log = Mutex<[String]>([])
    private let exported = Mutex<[ExportedPicture]>([])

    init(trials: [TrialItem], snapshot: RunSnapshot?) {
        items = trials
        self.snapshot = snapshot
    }

    /// What was launched and sent, in order.
    var commands: [String] { log.withLock { $0 } }
    var pictures: [ExportedPicture] { exported.withLock { $0 } }

    func trials() throws -> [TrialItem] { items }

    func open(_ trial: TrialID) throws -> any RunSource {
        guard let snapshot else { throw StoreError(.damaged, path: "run.sqlite") }
        return FakeRun(snapshot: snapshot)
    }

    func experiments() throws -> [ExperimentItem] { StateFixtures.experiments }
    func check(_ draft: LaunchDraft) throws -> TrialPlan { try StateFixtures.plan() }

    func launch(_ draft: LaunchDraft) throws -> TrialID {
        log.withLock { $0.append("launch \(draft.experiment)/\(draft.trial)") }
        return try RunFixtures.id(draft.trial)
    }

    func send(_ command: TrialCommandKind, worker: WorkerID?, to trial: TrialID) throws -> String {
        log.withLock { $0.append("\(command.rawValue) \(trial)") }
        return "done as asked"
    }

    func names(inFolderOf path: String) throws -> [String] { ["train.jsonl", "train/", "test.jsonl"] }

    func export(_ picture: ExportedPicture) throws -> String {
        exported.withLock { $0.append(picture) }
        return "\(picture.name).svg"
    }
}

/// A run that never changes.
struct FakeRun: RunSource {
    let snapshot: RunSnapshot

    func snapshot(_ query: RunQuery) throws(StoreError) -> RunSnapshot { snapshot }
    func changeCounter() throws(StoreError) -> Int64 { 1 }
    func points(of key: String, after step: Int, limit: Int) throws(StoreError) -> MetricPage {
        // A step every 2.6 s, as in the fixtures.
        let steps = key == "timeperf/e2e" ? Array((1...max(1, snapshot.step)).filter { $0 > step }.prefix(limit)) : []
        let points = steps.map { MetricPoint(step: $0, time: Int64($0) * 2_600_000_000, value: 2.6) }
        return MetricPage(points: points, isLast: true, damage: [])
    }
    func logs(after id: Int64, limit: Int, level: LogLevel, worker: String?) throws(StoreError) -> [LogRow] { [] }

    func eventTime(_ direction: ReplayDirection, from time: Int64, stop: ReplayStop) throws(StoreError) -> Int64? {
        direction == .backward ? max(0, time - 1) : min(snapshot.endTime, time + 1)
    }
}

/// Presses keys as soon as the screen shows the text that they wait for.
@MainActor
final class Script: EventFeed {
    struct Step {
        var seeing: String
        var events: [TerminalEvent]

        init(seeing: String, press: [KeyStroke]) { self.init(seeing: seeing, events: press.map { .key($0) }) }

        init(seeing: String, events: [TerminalEvent]) {
            self.seeing = seeing
            self.events = events
        }
    }

    private var steps: [Step]
    private let wakes = Mailbox(0)
    private(set) var screen: RecordingScreen?
    /// A loop that goes nowhere ends instead of hanging the test.
    private var patience = 200

    init(_ steps: [Step]) { self.steps = steps }

    var isDone: Bool { steps.isEmpty }

    func run(
        _ backend: FakeBackend, state: AppState, themes: @escaping (String) throws -> Theme = { _ in .defaultDark }
    ) throws -> String {
        let screen = RecordingScreen(size: state.size)
        self.screen = screen
        let wakes = wakes
        let loop = EventLoop(
            state: state, screen: screen, feed: self, backend: backend, wake: { wakes.update { $0 += 1 } },
            themes: themes, wall: { RunFixtures.started + 600 * RunFixtures.second })
        return try loop.run()
    }

    func next(timeout: Duration?) -> [TerminalEvent] {
        patience -= 1
        guard patience > 0, let step = steps.first else {
            if let step = steps.first {
                Issue.record("never saw '\(step.seeing)' in\n\(screen?.frames.last?.text ?? "")")
            }
            return [.hangup]
        }
        if screen?.frames.last?.text.contains(step.seeing) == true {
            steps.removeFirst()
            return step.events
        }
        // A thread's answer or the time the loop asked for, whichever comes first.
        let limit = min(timeout ?? .milliseconds(500), .milliseconds(500))
        let deadline = LoopClock.now() + Int64(limit / .nanoseconds(1))
        let woken = wakes.wait(until: deadline) { (count: inout Int) -> Bool? in
            guard count > 0 else { return nil }
            count = 0
            return true
        }
        return woken == true ? [.wake] : [.tick]
    }
}
