import Protocol
import Store
import TestSupport
import Testing

@testable import Orchestrator

/// An ingest thread over a fake store with one sender, everything else real.
private final class Bench {
    let folder = TemporaryFolder()
    let log = FakeStoreLog()
    let queue: IngestQueue
    let ingest: IngestThread
    let runtime: RuntimeFolder
    let context = ZeroMQContext()

    init() throws {
        let home = HomeFolder(path: folder.path)
        let id = try Samples.id()
        let trial = home.trial(id)
        try FolderFiles.makeFolder(trial.path)
        runtime = try RuntimeFolder.create(for: trial)
        queue = try IngestQueue()
        ingest = try IngestThread.start(
            IngestThread.Parts(
                context: context, runtime: runtime, folder: trial, plan: Samples.plan(),
                openStore: { [log] in FakeStore(log, id: id) }),
            queue: queue)
    }

    func sender(_ identity: String = "model_worker/0") throws -> ZeroMQSocket {
        let socket = try ZeroMQSocket.open(context, .dealer, options: SocketOptions(identity: identity))
        try socket.connect(runtime.telemetry())
        return socket
    }

    func finish(_ last: [IngestQueue.Entry] = []) -> [String] {
        queue.close(last)
        ingest.join()
        return log.committed
    }
}

private func batch(_ seq: UInt64, source: String = "model_worker/0", epoch: UInt64 = 1) throws -> [UInt8] {
    try WireCodec.encode(
        WireTelemetryBatch.make { batch in
            batch.source = source
            batch.epoch = epoch
            batch.seq = seq
        })
}

private func acknowledgement(_ socket: borrowing ZeroMQSocket, within patience: Duration = .seconds(20)) throws
    -> UInt64?
{
    guard try Poller.wait([socket.pollItem], timeout: patience)[0], let frames = try socket.receive() else {
        return nil
    }
    return try WireCodec.decode(WireTelemetryAck.self, from: frames[0]).seq
}

@Suite struct `The ingest` {
    @Test func `acknowledges a batch once it is committed`() throws {
        let bench = try Bench()
        let sender = try bench.sender()
        _ = try sender.send([batch(1)])
        #expect(try acknowledgement(sender) == 1)
        #expect(bench.log.committed == ["model_worker/0#1 1"])
        _ = bench.finish()
    }

    @Test func `answers a repeat and a gap with the last number it has, and stores neither`() throws {
        let bench = try Bench()
        let sender = try bench.sender()
        _ = try sender.send([batch(1)])
        #expect(try acknowledgement(sender) == 1)
        _ = try sender.send([batch(1)])
        #expect(try acknowledgement(sender) == 1)
        _ = try sender.send([batch(5)])
        #expect(try acknowledgement(sender) == 1)
        #expect(bench.finish() == ["model_worker/0#1 1"])
    }

    @Test func `refuses frames that are no batch of a worker, and goes on`() throws {
        let bench = try Bench()
        let sender = try bench.sender()
        let stranger = try bench.sender("nobody/7")
        _ = try stranger.send([batch(1, source: "nobody/7")])
        _ = try sender.send([batch(1, source: "model_worker/1")])
        _ = try sender.send([[0xff, 0xfe, 0x00]])
        _ = try sender.send([batch(1)])
        #expect(try acknowledgement(sender) == 1)
        let stored = bench.finish()
        #expect(stored.filter { $0.contains("#") } == ["model_worker/0#1 1"])
        #expect(stored.contains { $0.contains("telemetry frames were refused") })
    }

    @Test func `leaves rows with their sender while the disk is full and takes them when it is not`() throws {
        let bench = try Bench()
        let sender = try bench.sender()
        bench.log.fill(true)
        _ = try sender.send([batch(1)])
        #expect(try acknowledgement(sender, within: .milliseconds(200)) == nil)
        bench.log.fill(false)
        var answer: UInt64?
        while answer == nil {
            _ = try sender.send([batch(1)])
            answer = try acknowledgement(sender, within: .milliseconds(100))
        }
        #expect(answer == 1)
        let stored = bench.finish()
        #expect(stored.filter { $0.contains("#") } == ["model_worker/0#1 1"])
        #expect(stored.contains { $0.contains("storing had stopped") })
    }

    @Test func `stores an attempt that a full disk held up before anything that follows it`() throws {
        let bench = try Bench()
        bench.log.fill(true)
        bench.queue.put(.attempt(1, resumeStep: 0, time: 0, reason: "started"))
        bench.queue.put(.status(.running, detail: "", time: 0))
        bench.log.fill(false)
        let stored = bench.finish([.status(.completed, detail: "", time: 0)]).filter { !$0.hasPrefix("log") }
        #expect(stored == ["attempt 1 from 0: started", "status running", "status completed"])
    }

    @Test func `takes the last words of workers before the final status`() throws {
        let bench = try Bench()
        let sender = try bench.sender()
        _ = try sender.send([batch(1)])
        #expect(try acknowledgement(sender) == 1)
        for seq in 2...200 { _ = try sender.send([batch(UInt64(seq))]) }
        let stored = bench.finish([.status(.stopped, detail: "", time: 0)])
        #expect(stored.count == 201)
        #expect(stored.last == "status stopped")
        #expect(bench.log.isClosed)
    }

    @Test func `writes the newest run record`() throws {
        let bench = try Bench()
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
            plan: try Samples.plan(), openStore: { throw StoreError(.permission, path: "x") })
        let error = #expect(throws: StoreError.self) { try IngestThread.start(parts, queue: IngestQueue()) }
        #expect(error?.code == .permission)
    }
}
