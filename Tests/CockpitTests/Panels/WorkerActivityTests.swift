import Protocol
import Testing

@testable import Cockpit
@testable import Store

@Suite("What a worker does")
struct WorkerActivityTests {
    private func snapshot(_ open: [SpanRow], attempt: Int = 1) throws -> RunSnapshot {
        var snapshot = try RunFixtures.snapshot()
        snapshot.spans = open
        snapshot.attempt = attempt
        return snapshot
    }

    private func span(
        _ mfc: String, on worker: String, phase: String = "main", type: String = "generate", attempt: Int = 1,
        end: Int64? = nil
    ) -> SpanRow {
        SpanRow(
            id: 1, attempt: attempt, worker: worker, mfc: mfc, phase: phase, interfaceType: type, role: "actor",
            step: 3, start: 1, end: end, sequences: 0, tokens: 0, weightVersion: 0)
    }

    private func text(
        _ id: String, _ state: WorkerState = .running, detail: String = "", in snapshot: RunSnapshot,
        status: TrialStatus = .running
    ) -> String {
        WorkerActivity(
            of: RunFixtures.worker(id, state, "actor_train", 7, 1, 0, detail: detail), in: snapshot, status: status
        ).text
    }

    @Test func `is the call that it is in, not the one that it was in last`() throws {
        let busy = try snapshot([span("actor_gen", on: "model_worker/0")])
        #expect(text("model_worker/0", in: busy) == "actor_gen")
        let idle = try snapshot([span("actor_gen", on: "model_worker/0", end: 9)])
        #expect(text("model_worker/0", in: idle) == "between calls")
    }

    @Test func `or whom it waits for, which the master knows by name`() throws {
        let busy = try snapshot([span("actor_gen", on: "model_worker/0")])
        #expect(text("model_worker/1", in: busy) == "waits for actor_gen")
        #expect(text("master_worker/0", in: busy) == "waits for model/0: actor_gen")
    }

    @Test func `is no waiting for somebody where nobody is in a call`() throws {
        let idle = try snapshot([])
        #expect(text("master_worker/0", in: idle) == "between calls")
        #expect(text("model_worker/1", in: idle, status: .paused) == "waits for P to go on")
        var early = idle
        early.step = 0
        let new = RunFixtures.worker("master_worker/0", .running, "", 0, 1, 0)
        #expect(WorkerActivity(of: new, in: early, status: .running).text == "before its first call")
    }

    @Test func `has a length: of its call, of the master's wait for it, and since a call has ended`() throws {
        let second = RunFixtures.second
        var open = span("actor_gen", on: "model_worker/0")
        open.start = 597 * second
        var done = span("ref_inf", on: "model_worker/1", end: 596 * second)
        done.start = 595 * second
        let busy = try snapshot([done, open])
        func length(_ id: String) -> Int64? {
            WorkerActivity(of: RunFixtures.worker(id, .running, "", 3, 1, 0), in: busy, status: .running).length
        }
        #expect(length("model_worker/0") == 3 * second)
        #expect(length("master_worker/0") == 3 * second)
        #expect(length("model_worker/1") == 4 * second)
        #expect(length("model_worker/2") == nil, "nothing is known of it")
    }

    @Test func `is at the step of its newest call, also where its heartbeat is older`() throws {
        var snapshot = try snapshot([span("actor_gen", on: "model_worker/0")])
        snapshot.spans[0].step = 231
        func step(_ id: String) -> Int {
            WorkerActivity(of: RunFixtures.worker(id, .running, "", 229, 1, 0), in: snapshot, status: .running).step
        }
        #expect(step("model_worker/0") == 231)
        #expect(step("master_worker/0") == 231)
        #expect(step("model_worker/1") == 229)
    }

    @Test(arguments: [
        ("pre-data_transfer", "actor_train: moves data"), ("post-save", "actor_train: saves actor"),
        ("post-evaluate", "actor_train: evaluates"), ("main", "actor_train"),
    ])
    func `names hooks too`(phase: String, expected: String) throws {
        let busy = try snapshot([span("actor_train", on: "model_worker/0", phase: phase, type: "train_step")])
        #expect(text("model_worker/0", in: busy) == expected)
    }

    @Test func `where nothing is heard of a worker the others wait for it`() throws {
        var silent = try snapshot([])
        silent.workers = [RunFixtures.worker("model_worker/0", .stalled, "", 7, 1, 0)]
        #expect(text("master_worker/0", in: silent) == "waits for model/0, which is silent")
    }

    @Test func `a span that a dead attempt left open is nobody's work`() throws {
        let busy = try snapshot([span("actor_gen", on: "model_worker/0", attempt: 1)], attempt: 2)
        #expect(text("model_worker/0", in: busy) == "between calls")
    }

    @Test func `a master that stops waits for the call under way, and leaves when there is none`() throws {
        let busy = try snapshot([span("actor_train", on: "model_worker/0")])
        #expect(text("master_worker/0", .stopping, in: busy) == "waits for model/0: actor_train")
        #expect(text("model_worker/1", .stopping, in: busy) == "leaves")
        #expect(text("master_worker/0", .stopping, in: try snapshot([])) == "leaves")
    }

    @Test func `after the end it is what it ended as`() throws {
        let ended = try snapshot([])
        #expect(text("model_worker/0", .completed, in: ended) == "done at step 7")
        #expect(text("model_worker/0", .stopped, in: ended) == "stopped at step 7")
        #expect(text("model_worker/0", .failed, detail: "signal 9\nmore", in: ended) == "signal 9")
        #expect(text("model_worker/0", in: ended, status: .lost) == "gone with its orchestrator")
    }

    @Test func `an ended worker uses no processor and beats no more`() throws {
        let row = try row(of: RunFixtures.worker("model_worker/0", .completed, "", 460, 9, 0))
        #expect(row.contains("done at step 460"))
        #expect(!row.contains("%"))
    }

    @Test func `the step in the words is written as in the column beside them`() throws {
        let row = try row(of: RunFixtures.worker("model_worker/0", .stopped, "", 1_457, 9, 0))
        #expect(row.contains("stopped at step 1457 "))
        #expect(row.contains(" 1457 1457 "), "the step and the weight version")
    }

    private func row(of worker: WorkerRow) throws -> String {
        var run = try #require(try StateFixtures.live().run)
        run.snapshot?.workers = [worker]
        let context = PanelContext(run: run, snapshot: try #require(run.snapshot), utcOffset: 0, glyphs: .unicode)
        var surface = Surface(width: 110, height: 4)
        WorkersPanel().draw(in: &surface, area: surface.bounds, context: context, focus: .unfocused)
        return surface.lines[2]
    }
}
