import Foundation
import Protocol
import Store
import TestSupport
import Testing

@testable import Orchestrator

/// What a worker left on the disk, taken in.
@Suite struct `Telemetry that was left on the disk` {
    private let folder = TemporaryFolder()
    private let log = FakeStoreLog()

    private func trial() throws -> TrialFolder { HomeFolder(path: folder.path).trial(try Samples.id()) }

    private func leave(_ bytes: [UInt8], attempt: UInt64 = 1) throws -> String {
        let trial = try trial()
        try FolderFiles.makeFolder(TelemetrySpool.folder(in: trial.path))
        let path = TelemetrySpool.path(
            in: trial.path, worker: WorkerID(.model, 0),
            epoch: TelemetryEpoch(attempt: attempt, launch: 0))
        try FolderFiles.replace(path, with: bytes)
        return path
    }

    private func frames(_ numbers: ClosedRange<UInt64>) throws -> [[UInt8]] {
        try numbers.map { try telemetryBatch($0) }
    }

    private func takeIn(_ store: FakeStore) throws -> [String] {
        try SpoolIntake(trial: try trial(), workers: ["model_worker/0"]).takeIn(store).compactMap(\.words)
    }

    @Test func `is stored once, and its file goes with the commit`() throws {
        let store = FakeStore(log, id: try Samples.id())
        for frame in try frames(1...2) {
            _ = try store.append(WireCodec.decode(WireTelemetryBatch.self, from: frame))
        }
        let path = try leave(TelemetrySpool.bytes(of: try frames(2...5)))
        #expect(try takeIn(store) == ["3 batches that model_worker-0-1 had left on the disk were stored"])
        #expect(log.committed == (1...5).map { "model_worker/0#1 \($0)" })
        #expect(!FolderFiles.exists(path))
        #expect(!FolderFiles.exists(TelemetrySpool.folder(in: try trial().path)))
        #expect(try takeIn(store) == [])
    }

    @Test func `stays where the store refuses it, and is stored when it does not`() throws {
        let store = FakeStore(log, id: try Samples.id())
        let path = try leave(TelemetrySpool.bytes(of: try frames(1...3)))
        log.fill(true)
        #expect(throws: StoreError.self) { try takeIn(store) }
        #expect(FolderFiles.exists(path))
        log.fill(false)
        #expect(try takeIn(store).count == 1)
        #expect(log.committed == (1...3).map { "model_worker/0#1 \($0)" })
    }

    @Test func `is taken up to where it is damaged, and kept for whoever wants to look`() throws {
        let store = FakeStore(log, id: try Samples.id())
        var bytes = TelemetrySpool.bytes(of: try frames(1...3))
        bytes[bytes.count - 1] ^= 1
        let path = try leave(bytes)
        #expect(
            try takeIn(store) == [
                "2 batches that model_worker-0-1 had left on the disk were stored; "
                    + "model_worker-0-1 is damaged and was read to there"
            ])
        #expect(FolderFiles.exists("\(path).damaged"))
        #expect(try takeIn(store) == [])
    }

    @Test func `that lacks what came before it is told, and nothing of it is stored`() throws {
        let store = FakeStore(log, id: try Samples.id())
        _ = try leave(TelemetrySpool.bytes(of: try frames(4...5)))
        #expect(try takeIn(store) == ["batches 1 to 3 before those in model_worker-0-1 are missing"])
        #expect(log.committed == [])
    }

    @Test(arguments: ["", "ckspool1 and more", "something else"])
    func `that is none is told`(content: String) throws {
        let store = FakeStore(log, id: try Samples.id())
        _ = try leave(Array(content.utf8))
        #expect(try takeIn(store).count == 1)
        #expect(log.committed == [])
    }

    @Test func `is in the store before anybody asks for its newest step`() throws {
        let trial = try trial()
        var row = WireMetricRow()
        row.step = 9
        row.values = [1]
        var block = WireMetricBlock()
        block.names = ["timeperf/e2e"]
        block.rows = [row]
        let frame = try WireCodec.encode(
            WireTelemetryBatch.make { batch in
                batch.source = "model_worker/0"
                batch.epoch = 1
                batch.seq = 1
                batch.metrics = [block]
            })
        let header = RunHeader(
            id: trial.id, startedWall: 1, seed: 1, totalSteps: 9, settings: [:], workers: [], lanes: [])
        let writer = try RunWriter.create(trial, header: header)
        try writer.beginAttempt(1, resumeStep: 0, time: 0, reason: "")
        try writer.close()
        _ = try leave(TelemetrySpool.bytes(of: [frame]))
        let queue = try IngestQueue()
        let ingest = try IngestThread.start(
            IngestThread.Parts(
                context: ZeroMQContext(), runtime: try RuntimeFolder.create(for: trial), folder: trial,
                plan: Samples.plan(), openStore: { try RunWriter.open(trial) },
                openCatalog: { try RunCatalog.open(home: trial.home) }), queue: queue)
        #expect(ResumePoint.recordedStep(in: trial) == 9)
        queue.close([])
        #expect(ingest.join() == .stored)
    }
}

@Suite struct `The end of a trial` {
    private func end(of bench: IngestBench, _ status: TrialStatus) -> RunRecord? {
        let record = RunRecord(
            id: bench.trial.id, orchestrator: ProcessIdentity(pid: 1, startTicks: 2), runtimeFolder: "/r",
            status: status, attempt: 1, startedWall: 0, totalSteps: 3, workers: [])
        bench.queue.close([.status(status, detail: "", time: 0)], record: record)
        return record
    }

    @Test func `that has done all its steps waits for a full disk, and then has completed`() throws {
        let bench = try IngestBench()
        bench.log.fill(true)
        _ = end(of: bench, .completed)
        #expect(!eventually(within: 0.5) { bench.ingest.end != nil })
        #expect(RunRecord.read(bench.trial)?.status != .completed)
        bench.log.fill(false)
        #expect(bench.ingest.join() == .stored)
        #expect(bench.log.committed.contains("status completed"))
        #expect(RunRecord.read(bench.trial)?.status == .completed)
    }

    @Test func `that somebody hurries while the disk is full has not completed`() throws {
        let bench = try IngestBench()
        bench.log.fill(true)
        _ = end(of: bench, .completed)
        #expect(!eventually(within: 0.2) { bench.ingest.end != nil })
        bench.queue.hurry()
        guard case .unstored(let reason) = bench.ingest.join() else {
            Issue.record("it was stored")
            return
        }
        #expect(reason.hasPrefix("the disk is full"))
        let record = try #require(RunRecord.read(bench.trial))
        #expect(record.status == .stopped)
        #expect(record.statusDetail.hasPrefix("all steps are done, but the last records could not be stored: "))
        #expect(!bench.log.committed.contains("status completed"))
    }

    @Test func `that was stopped tells in run json what its run lacks`() throws {
        let bench = try IngestBench()
        bench.log.fill(true)
        _ = end(of: bench, .stopped)
        bench.queue.hurry()
        _ = bench.ingest.join()
        let detail = try #require(RunRecord.read(bench.trial)).statusDetail
        #expect(detail.hasPrefix("the last records could not be stored: the disk is full"))
        #expect(!detail.contains("goes on by itself"))
    }

    @Test func `takes in what a worker left before it says how it ended`() throws {
        let bench = try IngestBench()
        try FolderFiles.makeFolder(TelemetrySpool.folder(in: bench.trial.path))
        let path = TelemetrySpool.path(
            in: bench.trial.path, worker: WorkerID(.model, 0),
            epoch: TelemetryEpoch(attempt: 1, launch: 0))
        try FolderFiles.replace(path, with: TelemetrySpool.bytes(of: [telemetryBatch(1), telemetryBatch(2)]))
        let stored = bench.finish([.status(.completed, detail: "", time: 0)]).filter { !$0.hasPrefix("log") }
        #expect(stored == ["model_worker/0#1 1", "model_worker/0#1 2", "status completed"])
    }

    @Test func `whose disk is full says so in run json while it lasts`() throws {
        let bench = try IngestBench()
        var record = RunRecord(
            id: bench.trial.id, orchestrator: ProcessIdentity(pid: 1, startTicks: 2), runtimeFolder: "/r",
            status: .running, attempt: 1, startedWall: 0, totalSteps: 3, workers: [])
        bench.log.fill(true)
        bench.queue.put(record)
        bench.queue.put(.status(.running, detail: "", time: 0))
        #expect(
            eventually {
                RunRecord.read(bench.trial)?.refusal?.hasPrefix("storing has stopped: the disk is full") == true
            })
        // What a stop waits for is told with it, also where only the record can tell.
        record.status = .stopping
        record.statusDetail = "waits for step 7"
        record.runtimeFolder = bench.runtime.path
        record.orchestrator = try #require(ProcessIdentity.current())
        bench.queue.put(record)
        let refusal = { TrialList.overview(of: bench.trial, entry: nil)?.refusal }
        #expect(eventually { refusal()?.awaited == "waits for step 7" })
        #expect(refusal()?.reason.hasPrefix("storing has stopped: the disk is full") == true)
        let detail = TrialList.overview(of: bench.trial, entry: nil)?.statusDetail
        #expect(detail?.hasPrefix("waits for step 7; storing has stopped: the disk is full") == true)
        record.status = .running
        record.statusDetail = ""
        bench.queue.put(record)
        bench.log.fill(false)
        #expect(eventually { RunRecord.read(bench.trial)?.refusal == nil })
        #expect(RunRecord.read(bench.trial)?.explanation == "")
        record.status = .completed
        bench.queue.close([.status(.completed, detail: "", time: 0)], record: record)
        #expect(bench.ingest.join() == .stored)
    }
}
