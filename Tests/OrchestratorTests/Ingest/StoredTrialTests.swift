import Glibc
import Protocol
import Store
import TestSupport
import Testing

@testable import Orchestrator

/// The ingest over the real store: what a reader finds afterwards.
@Suite struct `A trial in the store` {
    private let folder = TemporaryFolder()
    private let context = ZeroMQContext()

    private func start(_ trial: TrialFolder, _ queue: IngestQueue, isNew: Bool = true) throws -> (
        IngestThread, RuntimeFolder
    ) {
        try FolderFiles.makeFolder(trial.path)
        let runtime = try RuntimeFolder.create(for: trial)
        let plan = try Samples.plan()
        let header = RunHeader(
            id: trial.id, startedWall: RunClock.wallNanoseconds(), seed: 1, totalSteps: 560, settings: ["seed": "1"],
            workers: plan.workers.map(\.description), lanes: [])
        var parts = IngestThread.Parts(
            context: context, runtime: runtime, folder: trial, plan: plan,
            openStore: { isNew ? try RunWriter.create(trial, header: header) : try RunWriter.open(trial) },
            openCatalog: { try RunCatalog.open(home: trial.home) })
        parts.longestLastTry = .milliseconds(50)
        return (try IngestThread.start(parts, queue: queue), runtime)
    }

    private func metric(_ seq: UInt64, step: UInt64, loss: Double) throws -> [UInt8] {
        var row = WireMetricRow()
        row.step = step
        row.timeNs = Int64(step) * 1000
        row.values = [loss]
        var block = WireMetricBlock()
        block.names = ["sft/loss"]
        block.rows = [row]
        return try WireCodec.encode(
            WireTelemetryBatch.make { batch in
                batch.source = "master_worker/0"
                batch.epoch = 1
                batch.seq = seq
                batch.metrics = [block]
            })
    }

    private func send(_ frames: [[UInt8]], to runtime: RuntimeFolder) throws {
        let socket = try ZeroMQSocket.open(context, .dealer, options: SocketOptions(identity: "master_worker/0"))
        try socket.connect(runtime.telemetry())
        for frame in frames { _ = try socket.send([frame]) }
        var acknowledged: UInt64 = 0
        while acknowledged < UInt64(frames.count) {
            guard try Poller.wait([socket.pollItem], timeout: .seconds(120))[0], let answer = try socket.receive()
            else {
                Issue.record("no acknowledgement came")
                return
            }
            acknowledged = try WireCodec.decode(WireTelemetryAck.self, from: answer[0]).seq
        }
    }

    @Test func `holds what workers sent, what the orchestrator saw, and how it ended`() throws {
        let trial = HomeFolder(path: folder.path).trial(try Samples.id())
        let queue = try IngestQueue()
        let (ingest, runtime) = try start(trial, queue)
        let change = WorkerChange(worker: .master, state: .running, pid: 42, restarts: 1)
        queue.put(.attempt(1, resumeStep: 0, time: 1, reason: "started"))
        queue.put(.status(.running, detail: "", time: 2))
        queue.put(.records(LocalRecords(states: [WireWorkerStateRecord(change, time: 3)])))
        try send([metric(1, step: 1, loss: 3), metric(2, step: 2, loss: 2.5)], to: runtime)
        queue.close([.status(.completed, detail: "", time: 9000)])
        ingest.join()

        let run = try StoredRun.open(path: trial.database)
        #expect(try run.points(of: "sft/loss", after: -1, limit: 10).points.map(\.value) == [3, 2.5])
        let snapshot = try run.snapshot(RunQuery())
        #expect(snapshot.status == .completed)
        #expect(snapshot.attempt == 1)
        #expect(snapshot.workers.map(\.pid) == [42])
        #expect(snapshot.workers.map(\.restarts) == [1])
    }

    @Test func `stands in the catalogue with its newest values`() throws {
        let trial = HomeFolder(path: folder.path).trial(try Samples.id())
        let queue = try IngestQueue()
        let (ingest, runtime) = try start(trial, queue)
        queue.put(.attempt(1, resumeStep: 0, time: 1, reason: "started"))
        try send([metric(1, step: 7, loss: 0.5)], to: runtime)
        queue.close([.status(.stopped, detail: "stopped by command", time: 2)])
        ingest.join()
        let entry = try #require(try RunCatalog.open(home: trial.home).entries().first)
        #expect(entry.id == trial.id)
        #expect(entry.status == .stopped)
        #expect(entry.step == 7)
        #expect(entry.last == ["sft/loss": 0.5])
        #expect(entry.orchestrator == nil)
    }

    @Test func `continues its attempts and its clock when it is opened again`() throws {
        let trial = HomeFolder(path: folder.path).trial(try Samples.id())
        let queue = try IngestQueue()
        let (ingest, _) = try start(trial, queue)
        #expect(ingest.opened.lastAttempt == 0)
        queue.put(.attempt(1, resumeStep: 0, time: 1, reason: "started"))
        queue.close([.status(.failed, detail: "", time: 2)])
        ingest.join()
        let secondQueue = try IngestQueue()
        let (again, _) = try start(trial, secondQueue, isNew: false)
        #expect(again.opened.lastAttempt == 1)
        #expect(again.opened.header == ingest.opened.header)
        #expect(again.opened.clock.now() > 0)
        secondQueue.close([])
        again.join()
    }

    @Test(arguments: [true, false])
    func `is shown as it ended though its last run.json could not be made anew`(isWritable: Bool) throws {
        let trial = HomeFolder(path: folder.path).trial(try Samples.id())
        let queue = try IngestQueue()
        let (ingest, runtime) = try start(trial, queue)
        var record = RunRecord(
            id: trial.id, orchestrator: ProcessIdentity(pid: 1, startTicks: 0), runtimeFolder: runtime.path,
            status: .running, statusDetail: String(repeating: "long ", count: 100), attempt: 1, startedWall: 1,
            totalSteps: 560, workers: [])
        try record.write(trial)
        #expect(try TrialList.one(trial.id, home: trial.home).status == .lost)
        // It stands for a full disk: the new file cannot be made beside the old one.
        try FolderFiles.makeFolder("\(trial.runFile).new")
        if !isWritable {
            // Nor can the old one be written over: it is a link, and links are not followed.
            #expect(rename(trial.runFile, "\(trial.runFile).elsewhere") == 0)
            #expect(symlink("\(trial.runFile).elsewhere", trial.runFile) == 0)
        }
        record.status = .stopped
        record.statusDetail = "stopped by command"
        queue.close([.status(.stopped, detail: "stopped by command", time: 2)], record: record)
        ingest.join()

        #expect(RunRecord.read(trial) == (isWritable ? record : nil))
        let overview = try TrialList.one(trial.id, home: trial.home)
        #expect(overview.status == .stopped)
        #expect(overview.statusDetail == "stopped by command")
    }
}
