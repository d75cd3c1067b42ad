import Protocol
import Store
import TestSupport
import Testing

@testable import Orchestrator

@Suite struct `The ingest` {
    @Test func `acknowledges a batch once it is committed`() throws {
        let bench = try IngestBench()
        let sender = try bench.sender()
        _ = try sender.send([telemetryBatch(1)])
        #expect(try telemetryAcknowledgement(sender) == 1)
        #expect(bench.log.committed == ["model_worker/0#1 1"])
        _ = bench.finish()
    }

    @Test func `answers a repeat and a gap with the last number it has, and stores neither`() throws {
        let bench = try IngestBench()
        let sender = try bench.sender()
        _ = try sender.send([telemetryBatch(1)])
        #expect(try telemetryAcknowledgement(sender) == 1)
        _ = try sender.send([telemetryBatch(1)])
        #expect(try telemetryAcknowledgement(sender) == 1)
        _ = try sender.send([telemetryBatch(5)])
        #expect(try telemetryAcknowledgement(sender) == 1)
        #expect(bench.finish() == ["model_worker/0#1 1"])
    }

    @Test func `refuses frames that are no batch of a worker, and goes on`() throws {
        let bench = try IngestBench()
        let sender = try bench.sender()
        let stranger = try bench.sender("nobody/7")
        _ = try stranger.send([telemetryBatch(1, source: "nobody/7")])
        _ = try sender.send([telemetryBatch(1, source: "model_worker/1")])
        _ = try sender.send([[0xff, 0xfe, 0x00]])
        _ = try sender.send([telemetryBatch(1)])
        #expect(try telemetryAcknowledgement(sender) == 1)
        let stored = bench.finish()
        #expect(stored.filter { $0.contains("#") } == ["model_worker/0#1 1"])
        #expect(stored.contains { $0.contains("telemetry frames were refused") })
    }

    @Test func `leaves rows with their sender while the disk is full and takes them when it is not`() throws {
        let bench = try IngestBench()
        let sender = try bench.sender()
        bench.log.fill(true)
        _ = try sender.send([telemetryBatch(1)])
        #expect(try telemetryAcknowledgement(sender, within: .milliseconds(200)) == nil)
        bench.log.fill(false)
        var answer: UInt64?
        while answer == nil {
            _ = try sender.send([telemetryBatch(1)])
            answer = try telemetryAcknowledgement(sender, within: .milliseconds(100))
        }
        #expect(answer == 1)
        let stored = bench.finish()
        #expect(stored.filter { $0.contains("#") } == ["model_worker/0#1 1"])
        #expect(stored.contains { $0.contains("storing had stopped") })
    }

    @Test func `stores an attempt that a full disk held up before anything that follows it`() throws {
        let bench = try IngestBench()
        bench.log.fill(true)
        bench.queue.put(.attempt(1, resumeStep: 0, time: 0, reason: "started"))
        bench.queue.put(.status(.running, detail: "", time: 0))
        bench.log.fill(false)
        // Whether the ingest met the full disk at all is a matter of moments; what it then tells is not asked here.
        let told = ["log", "event"]
        let stored = bench.finish([.status(.completed, detail: "", time: 0)]).filter { line in
            !told.contains { line.hasPrefix($0) }
        }
        #expect(stored == ["attempt 1 from 0: started", "status running", "status completed"])
    }

    @Test func `takes the last words of workers before the final status`() throws {
        let bench = try IngestBench()
        let sender = try bench.sender()
        _ = try sender.send([telemetryBatch(1)])
        #expect(try telemetryAcknowledgement(sender) == 1)
        for seq in 2...200 { _ = try sender.send([telemetryBatch(UInt64(seq))]) }
        let stored = bench.finish([.status(.stopped, detail: "", time: 0)])
        #expect(stored.count == 201)
        #expect(stored.last == "status stopped")
        #expect(bench.log.isClosed)
    }

    @Test func `writes the newest run record`() throws {
        let bench = try IngestBench()
        let trial = HomeFolder(path: bench.folder.path).trial(try Samples.id())
        let record = RunRecord(
            id: trial.id, orchestrator: ProcessIdentity(pid: 1, startTicks: 2), runtimeFolder: "/r", status: .running,
            attempt: 1, startedWall: 0, totalSteps: 3, workers: [])
        bench.queue.put(record)
        _ = bench.finish()
        #expect(RunRecord.read(trial) == record)
    }

    @Test func `that cannot open its store reports why`() throws {
        let folder = TemporaryFolder()
        let trial = HomeFolder(path: folder.path).trial(try Samples.id())
        try FolderFiles.makeFolder(trial.path)
        let parts = IngestThread.Parts(
            context: ZeroMQContext(), runtime: try RuntimeFolder.create(for: trial), folder: trial,
            plan: try Samples.plan(), openStore: { throw StoreError(.permission, path: "x") },
            openCatalog: { try RunCatalog.open(home: trial.home) })
        let error = #expect(throws: StoreError.self) { try IngestThread.start(parts, queue: IngestQueue()) }
        #expect(error?.code == .permission)
    }
}
