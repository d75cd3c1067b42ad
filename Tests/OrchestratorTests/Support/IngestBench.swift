import Protocol
import Store
import TestSupport

@testable import Orchestrator

/// An ingest thread over a fake store with senders, everything else real.
final class IngestBench {
    let folder = TemporaryFolder()
    let log = FakeStoreLog()
    let queue: IngestQueue
    let ingest: IngestThread
    let runtime: RuntimeFolder
    let context = ZeroMQContext()
    let trial: TrialFolder
    var home: HomeFolder { HomeFolder(path: folder.path) }

    init(
        queue given: IngestQueue? = nil,
        openCatalog: @escaping @Sendable (HomeFolder) throws -> RunCatalog = { try RunCatalog.open(home: $0) }
    ) throws {
        let home = HomeFolder(path: folder.path)
        let id = try Samples.id()
        let trial = home.trial(id)
        self.trial = trial
        try FolderFiles.makeFolder(trial.path)
        runtime = try RuntimeFolder.create(for: trial)
        queue = try given ?? IngestQueue()
        ingest = try IngestThread.start(
            IngestThread.Parts(
                context: context, runtime: runtime, folder: trial, plan: Samples.plan(),
                openStore: { [log] in FakeStore(log, id: id) }, openCatalog: { try openCatalog(home) }),
            queue: queue)
    }

    func sender(_ identity: String = "model_worker/0") throws -> ZeroMQSocket {
        let options = SocketOptions(identity: identity, lingerMilliseconds: 1000)
        let socket = try ZeroMQSocket.open(context, .dealer, options: options)
        try socket.connect(runtime.telemetry())
        return socket
    }

    func finish(_ last: [IngestQueue.Entry] = []) -> [String] {
        queue.close(last)
        ingest.join()
        return log.committed
    }
}

func telemetryBatch(_ seq: UInt64, source: String = "model_worker/0", epoch: UInt64 = 1) throws -> [UInt8] {
    try WireCodec.encode(
        WireTelemetryBatch.make { batch in
            batch.source = source
            batch.epoch = epoch
            batch.seq = seq
        })
}

func telemetryAcknowledgement(
    _ socket: borrowing ZeroMQSocket, within patience: Duration = .seconds(120)
) throws -> UInt64? {
    guard try Poller.wait([socket.pollItem], timeout: patience)[0], let frames = try socket.receive() else {
        return nil
    }
    return try WireCodec.decode(WireTelemetryAck.self, from: frames[0]).seq
}
