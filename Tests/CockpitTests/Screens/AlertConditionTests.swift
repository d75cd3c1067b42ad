import Protocol
import Testing

@testable import Cockpit
@testable import Store

@Suite("An alert")
struct AlertConditionTests {
    private struct Story: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var raise: @Sendable (inout RunView) -> Void
        var clear: @Sendable (inout RunView) -> Void
        var text: String
        var severity: Alert.Severity
    }

    private static func worker(_ state: WorkerState, _ detail: String) -> WorkerRow {
        RunFixtures.worker("model_worker/1", state, "", 3, 7, 0, detail: detail)
    }

    private static let stories: [Story] = [
        Story(
            testDescription: "unreadable", raise: { $0.failure = "cannot read\nmore" }, clear: { $0.failure = nil },
            text: "cannot read", severity: .failure),
        Story(
            testDescription: "lost", raise: { $0.item?.status = .lost }, clear: { $0.item?.status = .running },
            text: "the orchestrator is gone; R resumes from the last checkpoint", severity: .failure),
        Story(
            testDescription: "notice", raise: { $0.item?.notice = "disk 98 % full" }, clear: { $0.item?.notice = nil },
            text: "disk 98 % full", severity: .failure),
        Story(
            testDescription: "damage", raise: { $0.snapshot?.damage = ["chunk 3"] },
            clear: { $0.snapshot?.damage = [] },
            text: "1 damaged part left out: chunk 3", severity: .failure),
        Story(
            testDescription: "drops", raise: { $0.snapshot?.droppedRecords = 1 },
            clear: { $0.snapshot?.droppedRecords = 0 }, text: "1 records dropped by full queues", severity: .warning),
        Story(
            testDescription: "worker failed", raise: { $0.snapshot?.workers[2] = worker(.failed, "signal 9\nlast") },
            clear: { $0.snapshot?.workers[2] = worker(.running, "") }, text: "model/1 failed: signal 9",
            severity: .failure),
        Story(
            testDescription: "worker stalled", raise: { $0.snapshot?.workers[2] = worker(.stalled, "") },
            clear: { $0.snapshot?.workers[2] = worker(.stopped, "") }, text: "model/1 stalled", severity: .warning),
        Story(
            testDescription: "worker restarts", raise: { $0.snapshot?.workers[2] = worker(.restarting, "2/3 in 4s") },
            clear: { $0.snapshot?.workers[2] = worker(.starting, "") }, text: "model/1 restarting: 2/3 in 4s",
            severity: .warning),
        Story(
            testDescription: "not a number", raise: { $0.snapshot?.series[0].last = -.infinity },
            clear: { $0.snapshot?.series[0].last = 0 }, text: "grpo_actor/reward is -inf at step 230",
            severity: .failure),
    ]

    @Test(arguments: Array(stories.indices))
    func `is raised by its condition, once, and cleared with it`(index: Int) throws {
        let story = Self.stories[index]
        var run = try #require(try StateFixtures.live().run)
        #expect(Alerts.of(run).isEmpty)
        story.raise(&run)
        #expect(Alerts.of(run) == [Alert(severity: story.severity, text: story.text)])
        story.clear(&run)
        #expect(Alerts.of(run).isEmpty)
    }

    @Test func `of a failure stands before every warning, whatever came first`() throws {
        var run = try #require(try StateFixtures.live().run)
        var random = Seeded(state: 9)
        for story in Self.stories.shuffled(using: &random) { story.raise(&run) }
        let severities = Alerts.of(run).map(\.severity)
        let failures = severities.prefix { $0 == .failure }.count
        #expect(severities.dropFirst(failures).allSatisfy { $0 == .warning })
        // Three stories are about the same worker.
        #expect(severities.count == Self.stories.count - 2)
    }

    @Test(arguments: [TrialStatus.completed, .failed, .stopped])
    func `about a worker ends with its trial`(status: TrialStatus) throws {
        var run = try #require(try StateFixtures.live().run)
        run.snapshot?.workers[2] = Self.worker(.failed, "signal 9")
        run.snapshot?.status = status
        #expect(Alerts.of(run).isEmpty)
    }

    @Test func `of a store that refused is raised again when it refuses again, also in older words`() throws {
        var run = try #require(try StateFixtures.live().run)
        let kinds = ["store_refused", "store_recovered", "store_full", "store_recovered"]
        for (index, kind) in kinds.enumerated() {
            run.snapshot?.events.append(LifecycleRow(time: Int64(index), kind: kind, worker: "", detail: ""))
            #expect(Alerts.of(run).isEmpty == (kind == "store_recovered"))
        }
    }

    @Test(arguments: [60, 80, 120])
    func `line says how many there are even where it is cut`(width: Int) {
        let alerts = (0..<4).map { Alert(severity: .warning, text: "alert number \($0) is rather long") }
        let line = drawn(width, 1) { AlertsLine(alerts: alerts).render(in: &$0, area: $1) }[0]
        #expect(line.hasPrefix(" ! alert number 0"))
        #expect(line.hasSuffix("[4 alerts]"))
        #expect(line.contains("…"))
        #expect(drawn(width, 1) { AlertsLine(alerts: []).render(in: &$0, area: $1) } == [""])
    }

    @Test func `line names every alert before it tells details, and tells most of the first`() {
        let alerts = [
            Alert(severity: .failure, text: "1 damaged part left out: chunk 12 of sft/loss: wrong checksum"),
            Alert(severity: .warning, text: "model/1 stalled: no heartbeat for 3 s"),
        ]
        func line(_ width: Int) -> String {
            drawn(width, 1) { AlertsLine(alerts: alerts).render(in: &$0, area: $1) }[0]
        }
        #expect(line(140).contains("wrong checksum   ! model/1 stalled: no heartbeat for 3 s"))
        #expect(line(80).contains("✗ 1 damaged part left out: chunk 12 of sft/lo…   ! model/1 stalled "))
        #expect(line(60).hasPrefix(" ✗ 1 damaged part left out   ! model/1 stalled "))
    }

    @Test func `a silence is as long as it is now`() throws {
        var state = try StateFixtures.live()
        let time = try #require(state.run?.snapshot?.time)
        state.run?.snapshot?.workers[1] = RunFixtures.worker(
            "model_worker/0", .stalled, "actor_train", 229, 1, time - 13_400_000_000, detail: "no heartbeat")
        let text = ScreenPicture.text(state)
        #expect(text.contains("! model/0 stalled: no heartbeat for 13s"), "\(text)")
        let row = text.split(separator: "\n").first { $0.contains("model/0   stalled") }
        #expect(row?.contains(" 13s ") == true, "the column 'for' says the same")
    }

    @Test func `banner names the worker that failed first and goes away on esc alone`() throws {
        var state = try StateFixtures.live()
        state.run?.snapshot?.status = .failed
        #expect(ScreenPicture.text(state).contains("first failure ─"))
        #expect(ScreenPicture.text(state).contains("no reason was recorded"))
        state.run?.snapshot?.events += [
            LifecycleRow(time: 1, kind: "worker_failed", worker: "model_worker/1", detail: "signal 9"),
            LifecycleRow(time: 2, kind: "worker_failed", worker: "model_worker/0", detail: "signal 11"),
        ]
        #expect(ScreenPicture.text(state).contains("✗ first failure of model_worker/0"))
        #expect(ScreenPicture.text(state).contains("│ signal 11 "))
        ScreenPicture.press("k", on: &state)
        #expect(ScreenPicture.text(state).contains("first failure"))
        ScreenPicture.press(KeyStroke(.escape), on: &state)
        #expect(!ScreenPicture.text(state).contains("first failure"))
        // Another failure is news.
        state.run?.snapshot?.statusDetail = "the next attempt failed too"
        #expect(ScreenPicture.text(state).contains("the next attempt failed too"))
    }
}
