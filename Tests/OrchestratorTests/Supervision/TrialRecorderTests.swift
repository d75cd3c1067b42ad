import Protocol
import Store
import TestSupport
import Testing

@testable import Orchestrator

/// A recorder over a queue that nobody empties.
private struct RecorderBench {
    let queue: IngestQueue
    var recorder: TrialRecorder

    init() throws {
        queue = try IngestQueue()
        let record = RunRecord(
            id: try Samples.id(), orchestrator: ProcessIdentity(pid: 10, startTicks: 5), runtimeFolder: "/run",
            status: .starting, attempt: 1, startedWall: 7, totalSteps: 9,
            workers: [RunRecord.Worker(id: .master), RunRecord.Worker(id: WorkerID(.model, 0))])
        recorder = TrialRecorder(queue: queue, clock: RunClock.startingNow(), record: record)
    }

    /// What waits for the store, in words, and the newest `run.json`.
    func taken() -> (words: [String], record: RunRecord?, isClosing: Bool) {
        let contents = queue.take()
        return (contents.entries.flatMap(Self.words), contents.runRecord, contents.isClosing)
    }

    private static func words(_ entry: IngestQueue.Entry) -> [String] {
        switch entry {
        case .attempt(let attempt, let step, _, let reason): ["attempt \(attempt) from \(step): \(reason)"]
        case .status(let status, let detail, _): ["status \(status.rawValue) '\(detail)'"]
        case .records(let records):
            records.lifecycle.map { "event \($0.kind) \($0.worker): \($0.detail)" }
                + records.logs.map { "\($0.level) \($0.worker): \($0.message)" }
                + records.states.map { "state \($0.worker) \($0.state) pid \($0.pid) restarts \($0.restarts)" }
        }
    }
}

@Suite struct `What a trial leaves on record` {
    @Test func `an attempt stands in the store and in run.json`() throws {
        var bench = try RecorderBench()
        bench.recorder.beginAttempt(4, resumeStep: 40, reason: "resumed")
        let taken = bench.taken()
        #expect(
            taken.words == [
                "attempt 4 from 40: resumed", "info orchestrator: attempt 4 goes on from step 40: resumed",
            ])
        #expect(taken.record?.attempt == 4)
        #expect(taken.record?.status == .starting)
    }

    @Test func `what a stop waits for is a line of the log`() throws {
        var bench = try RecorderBench()
        bench.recorder.setStatus(.stopping, detail: "waits for step 7: actor_train on model_worker/0")
        #expect(
            bench.taken().words == [
                "status stopping 'waits for step 7: actor_train on model_worker/0'",
                "info orchestrator: stopping: waits for step 7: actor_train on model_worker/0",
            ])
    }

    @Test(arguments: [TrialStatus.starting, .running, .paused])
    func `a status that goes on is told at once, in both places`(status: TrialStatus) throws {
        var bench = try RecorderBench()
        bench.recorder.setStatus(status, detail: "why")
        let taken = bench.taken()
        #expect(taken.words == ["status \(status.rawValue) 'why'"])
        #expect(taken.record?.status == status)
        #expect(taken.record?.statusDetail == "why")
    }

    @Test(arguments: [TrialStatus.completed, .failed, .stopped])
    func `the last status waits until all that came before it is stored`(status: TrialStatus) throws {
        var bench = try RecorderBench()
        bench.recorder.setStatus(status, detail: "the end")
        let before = bench.taken()
        #expect(before.words.isEmpty)
        #expect(before.record == nil)
        bench.recorder.close()
        let after = bench.taken()
        #expect(after.words == ["status \(status.rawValue) 'the end'"])
        #expect(after.record?.status == status)
        #expect(after.isClosing)
    }

    @Test func `a worker's change stands in the store, and its process in run.json`() throws {
        var bench = try RecorderBench()
        bench.recorder.change(
            WorkerChange(worker: WorkerID(.model, 0), state: .running, mfc: "actor_gen", step: 3, pid: 42, restarts: 2))
        let taken = bench.taken()
        #expect(taken.words == ["state model_worker/0 running pid 42 restarts 2"])
        var expected = RunRecord.Worker(id: WorkerID(.model, 0), pid: 42, state: .running, restarts: 2)
        #expect(taken.record?.workers.last == expected)
        // The other one is as it was.
        expected = RunRecord.Worker(id: .master)
        #expect(taken.record?.workers.first == expected)
    }

    @Test func `a worker that run.json does not know changes nothing there`() throws {
        var bench = try RecorderBench()
        bench.recorder.change(WorkerChange(worker: WorkerID(.model, 9), state: .running, pid: 42))
        #expect(bench.taken().record == nil)
    }

    @Test func `run.json never says that a trial goes on after its end`() throws {
        var bench = try RecorderBench()
        bench.recorder.setStatus(.failed, detail: "")
        bench.recorder.change(WorkerChange(worker: .master, state: .failed, pid: 42))
        // Not before the end is stored as well.
        #expect(bench.taken().record == nil)
        bench.recorder.close()
        let record = bench.taken().record
        #expect(record?.status == .failed)
        #expect(record?.workers.first?.state == .failed)
    }

    @Test(arguments: [
        (LifecycleKind.workerFailed, "error", "failed"), (.gaveUp, "error", "given up"),
        (.storeRefused, "error", "nothing can be stored"), (.restarting, "warning", "restarting"),
        (.stalled, "warning", "stalled"), (.killed, "info", "killed"), (.asked, "info", "asked"),
    ])
    func `what happens is an event and in words a line of the log, as loud as it is bad`(
        kind: LifecycleKind, level: String, words: String
    ) throws {
        let bench = try RecorderBench()
        bench.recorder.note(kind: kind, worker: .master, detail: "so it was")
        #expect(
            bench.taken().words == [
                "event \(kind.rawValue) master_worker/0: so it was",
                "\(level) master_worker/0: \(words): so it was",
            ])
    }

    @Test func `what concerns no worker is said by the orchestrator`() throws {
        let bench = try RecorderBench()
        bench.recorder.note(kind: .restarting, worker: nil, detail: "soon")
        bench.recorder.log(.warning, "odd")
        #expect(
            bench.taken().words == [
                "event restarting : soon", "warning orchestrator: restarting: soon", "warning orchestrator: odd",
            ])
    }

    @Test func `a whole trial reads as its story`() throws {
        var bench = try RecorderBench()
        var driver = MachineDriver()
        func record(_ actions: [TrialAction]) {
            for action in actions {
                switch action {
                case .beginAttempt(let attempt, let reason):
                    bench.recorder.beginAttempt(attempt, resumeStep: 0, reason: reason)
                case .setStatus(let status, let detail): bench.recorder.setStatus(status, detail: detail)
                case .note(let kind, let worker, let detail):
                    bench.recorder.note(kind: kind, worker: worker, detail: detail)
                default: break
                }
            }
        }
        record(driver.take(.begin))
        for worker in MachineDriver.all { record(driver.take(.spawned(worker, pid: 3))) }
        for worker in MachineDriver.all { record(driver.take(.hello(worker, attempt: 1))) }
        for worker in MachineDriver.all { record(driver.report(worker, .configured)) }
        record(driver.report(.master, .completed))
        for worker in MachineDriver.all { record(driver.exit(worker, .exited(0))) }
        bench.recorder.close()
        let taken = bench.taken()
        #expect(
            taken.words == [
                "status starting ''", "attempt 1 from 0: started", "status running ''", "status completed ''",
            ])
        #expect(taken.record?.status == .completed)
    }
}

@Suite struct `Records on the wire` {
    @Test func `carry a worker's change whole`() {
        let change = WorkerChange(
            worker: WorkerID(.model, 3), state: .stalled, detail: "quiet", mfc: "ref_inf", step: 12, pid: 99,
            restarts: 4)
        let record = WireWorkerStateRecord(change, time: 77)
        #expect(record.timeNs == 77)
        #expect(record.worker == "model_worker/3")
        #expect(record.state == "stalled")
        #expect(record.detail == "quiet")
        #expect(record.mfc == "ref_inf")
        #expect(record.step == 12)
        #expect(record.pid == 99)
        #expect(record.restarts == 4)
    }

    @Test func `take a number below zero for nothing`() {
        let record = WireWorkerStateRecord(
            WorkerChange(worker: .master, state: .running, step: -1, restarts: -1), time: 0)
        #expect(record.step == 0)
        #expect(record.restarts == 0)
    }
}
