import Protocol
import Testing

@testable import Cockpit
@testable import Store

@Suite struct AlertTests {
    private func alerts(_ change: (inout RunView) -> Void) throws -> [String] {
        var run = try #require(try StateFixtures.live().run)
        change(&run)
        return Alerts.of(run).map(\.text)
    }

    @Test func `a run that is well has none`() throws { #expect(try alerts { _ in } == []) }

    @Test func `an orchestrator that is gone is said first`() throws {
        let found = try alerts { run in
            run.item?.status = .lost
            run.snapshot?.droppedRecords = 1_284
        }
        #expect(
            found == [
                "the orchestrator is gone; R resumes from the last checkpoint", "1 284 records dropped by full queues",
            ])
    }

    @Test func `where nothing was saved R is said to begin anew`() throws {
        let found = try alerts { run in
            run.item?.status = .lost
            run.snapshot?.checkpoints = []
        }
        #expect(found == ["the orchestrator is gone; R begins anew: nothing was saved"])
        var run = try #require(try StateFixtures.live().run)
        run.snapshot?.status = .failed
        #expect(FailureBanner.lines(of: run)?.resumption == "resumes from the last checkpoint")
        run.snapshot?.checkpoints = []
        #expect(FailureBanner.lines(of: run)?.resumption == "begins anew: nothing was saved")
    }

    @Test func `the banner names the model worker in whose call it failed, though the master reports it`() throws {
        var run = try #require(try StateFixtures.live().run)
        run.snapshot?.status = .failed
        let detail = "reported an error\nmodel_worker/0 failed in 'actor_train' of step 38: out of memory"
        run.snapshot?.events.append(
            LifecycleRow(time: 1, kind: "worker_failed", worker: "master_worker/0", detail: detail))
        let said = FailureBanner.lines(of: run)
        #expect(said?.title == "first failure of model_worker/0, told by master_worker/0")
        #expect(said?.lines == ["model_worker/0 failed in 'actor_train' of step 38: out of memory"])
        run.snapshot?.statusDetail = "master_worker/0 \(detail)\n(1 later failure followed from it)"
        let whole = FailureBanner.lines(of: run)
        #expect(whole?.title == said?.title)
        #expect(whole?.lines.count == 2)
    }

    @Test func `the banner's title and its first line name the same worker, whatever failed meanwhile`() throws {
        var run = try #require(try StateFixtures.live().run)
        run.snapshot?.status = .failed
        run.snapshot?.statusDetail = "model_worker/1 was killed by signal 9 (SIGKILL)"
        run.snapshot?.events.append(
            LifecycleRow(time: 1, kind: "worker_failed", worker: "model_worker/0", detail: "left with exit status 1"))
        #expect(FailureBanner.lines(of: run)?.title == "first failure of model_worker/1")
    }

    @Test func `a trial that starts over says why, once for all its workers`() throws {
        let found = try alerts { run in
            run.snapshot?.status = .starting
            run.snapshot?.statusDetail =
                "master_worker/0 reported an error\nmodel_worker/1 failed in 'ref_inf' of step 3: odd"
            for index in 0..<3 {
                run.snapshot?.workers[index].state = .restarting
                run.snapshot?.workers[index].detail = "attempt 2 in 500 ms"
            }
        }
        #expect(
            found == [
                "starts over: model_worker/1 failed in 'ref_inf' of step 3: odd",
                "3 workers restarting: attempt 2 in 500 ms",
            ])
    }

    @Test func `what a stop waits for is said`() throws {
        let found = try alerts { run in
            run.item?.status = .stopping
            run.snapshot?.status = .stopping
            run.snapshot?.statusDetail = "waits for step 7: actor_train on model_worker/0"
        }
        #expect(found == ["stopping: waits for step 7: actor_train on model_worker/0"])
    }

    @Test func `a store that refuses is said with its reason until it has recovered`() throws {
        let reason = "storing had stopped: the run database run.sqlite is damaged"
        let refused = LifecycleRow(time: 1, kind: "store_refused", worker: "", detail: reason)
        let recovered = LifecycleRow(time: 2, kind: "store_recovered", worker: "", detail: "")
        #expect(
            try alerts { $0.snapshot?.events.append(refused) } == [
                "storing had stopped: the run database run.sqlite is damaged; nothing acknowledged is lost"
            ])
        #expect(try alerts { $0.snapshot?.events += [refused, recovered] } == [])
    }

    @Test func `a series that is not a number is named`() throws {
        let found = try alerts { run in
            run.snapshot?.series[0].last = .nan
            run.snapshot?.series[1].last = .infinity
        }
        #expect(found == ["grpo_actor/reward is nan at step 230 and 1 more"])
    }

    @Test func `damage names its first part`() throws {
        let found = try alerts { $0.snapshot?.damage = ["chunk 3: wrong checksum", "chunk 4"] }
        #expect(found == ["2 damaged parts left out: chunk 3: wrong checksum"])
    }

    @Test func `all that was left out, damaged or dropped is seen on a small dashboard`() throws {
        var state = try StateFixtures.live(StateFixtures.small)
        state.run?.snapshot?.series.append(
            SeriesRow(key: "data/rows_left_out", count: 1, lastStep: 1, lastTime: 0, last: 3))
        state.run?.snapshot?.damage = ["chunk 12 of sft/loss: wrong checksum"]
        state.run?.snapshot?.droppedRecords = 1_284
        let screen = ScreenPicture.text(state)
        for words in ["3 left out", "1 damaged part left out", "1 284 records dropped"] {
            #expect(screen.contains(words), "\(words)")
        }
    }

    @Test func `a failed trial shows its first failure until esc`() throws {
        var state = try StateFixtures.live()
        state.run?.snapshot?.status = .failed
        state.run?.snapshot?.statusDetail = "loss is nan at step 38"
        #expect(ScreenPicture.text(state).contains("loss is nan at step 38"))
        ScreenPicture.press(KeyStroke(.escape), on: &state)
        #expect(!ScreenPicture.text(state).contains("loss is nan at step 38"))
    }

    @Test func `no message covers the alert that says the same, nor outlives what it promised`() throws {
        var state = try StateFixtures.live()
        var snapshot = try RunFixtures.snapshot(at: 400, end: 1_196, status: .running)
        Reducer.toast(&state, "stopping: waits for step 41", now: 0)
        #expect(ScreenPicture.text(state).contains("stopping: waits for step 41"))
        (snapshot.status, snapshot.statusDetail) = (.stopping, "waits for step 41: save on model_worker/0")
        state.run?.snapshot = snapshot
        let lines = ScreenPicture.surface(state).lines.filter { $0.contains("waits for step 41") }
        #expect(lines.count == 1 && lines[0].contains("save on model_worker/0"), "\(lines)")
        snapshot.status = .stopped
        _ = Reducer.reduce(&state, .snapshot(try RunFixtures.id("first"), RunQuery(), snapshot), now: 1)
        #expect(state.toasts == [])
    }
}
