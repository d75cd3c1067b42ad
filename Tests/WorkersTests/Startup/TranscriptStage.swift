import Protocol
import Synchronization
import TestSupport

@testable import Workers

/// A real model worker on a thread, and the sockets of its orchestrator and its master in the test's hands.
final class TranscriptStage {
    private let control: ZeroMQSocket
    private let telemetry: ZeroMQSocket
    private let requests: ZeroMQSocket
    private let replies: ZeroMQSocket
    private let thread: OwnThread
    private let status: Status
    private var heard: [Transcript.Line] = []
    /// Telemetry, each batch once.
    private(set) var batches: [WireTelemetryBatch] = []

    private final class Status: Sendable {
        let value = Mutex<Int32?>(nil)
    }

    private static let worker = WorkerID(.model, 0)
    private static let patience = Duration.seconds(120)

    init(folder: TemporaryFolder) throws {
        let runtime = RuntimeFolder(path: folder.path), path = folder.path, status = Status(), context = ZeroMQContext()
        let control = try ZeroMQSocket.open(context, .router), telemetry = try ZeroMQSocket.open(context, .router)
        let requests = try ZeroMQSocket.open(context, .push), replies = try ZeroMQSocket.open(context, .pull)
        try control.bind(runtime.control())
        try telemetry.bind(runtime.telemetry())
        try requests.bind(runtime.masterSend(to: 0))
        try replies.bind(runtime.masterReceive())
        thread = try OwnThread(name: "test") {
            let result = WorkerMain.run(id: Self.worker, attempt: 1, runtimePath: path)
            status.value.withLock { $0 = result }
        }
        self.control = control
        self.telemetry = telemetry
        self.requests = requests
        self.replies = replies
        self.status = status
    }

    /// What has come in, in the order of its sockets; waits for something. Telemetry is acknowledged at once.
    func listen() throws -> [Transcript.Line] {
        let readable = try Poller.wait(
            [control.pollItem, replies.pollItem, telemetry.pollItem], timeout: Self.patience)
        guard readable.contains(true) else { throw WorkerError(.system, "the worker is silent") }
        var lines: [Transcript.Line] = []
        while let frames = try control.receive() {
            lines.append(.init(.report, try WireCodec.decode(WireWorkerReport.self, from: frames[1])))
        }
        while let frames = try replies.receive() {
            lines.append(.init(.reply, try WireCodec.decode(WireReply.self, from: frames[0])))
        }
        while let frames = try telemetry.receive() { lines += try acknowledge(frames) }
        return lines
    }

    private func acknowledge(_ frames: [[UInt8]]) throws -> [Transcript.Line] {
        let batch = try WireCodec.decode(WireTelemetryBatch.self, from: frames[1])
        let acknowledgement = WireTelemetryAck.make {
            $0.epoch = batch.epoch
            $0.seq = batch.seq
        }
        _ = try telemetry.send([frames[0], WireCodec.encode(acknowledgement)])
        guard batch.seq > batches.last?.seq ?? 0 else { return [] }
        batches.append(batch)
        return [.init(.telemetry, batch), .init(.acknowledgement, acknowledgement)]
    }

    /// The next message of a kind; heartbeats count only where one is waited for.
    func next(like line: Transcript.Line) throws -> Transcript.Line {
        let deadline = ContinuousClock.now + Self.patience
        while ContinuousClock.now < deadline {
            if !line.isHeartbeat { heard.removeAll(where: \.isHeartbeat) }
            if let index = heard.firstIndex(where: { $0.kind == line.kind }) { return heard.remove(at: index) }
            heard += try listen()
        }
        throw WorkerError(.system, "no \(line.kind.rawValue) came")
    }

    /// Says what the orchestrator or the master says.
    func say(_ line: Transcript.Line) throws {
        let frame = try WireCodec.encode(line.message)
        switch line.kind {
        case .command: _ = try control.send([Array(Self.worker.description.utf8), frame])
        // A worker that has announced itself may yet be about to connect to its requests.
        case .request:
            while case .full = try requests.send([frame]) { _ = try Poller.wait([], timeout: .milliseconds(2)) }
        default: throw WorkerError(.message, "\(line.kind.rawValue) is said by nobody here")
        }
    }

    /// Tells a worker to leave that has not been told all.
    func dismiss() throws {
        try say(.init(.command, WireWorkerCommand.make { $0.order = WorkerOrder.exit.rawValue }))
        try say(.init(.request, WireRequest.make { $0.handleName = RequestHandle.reset.rawValue }))
    }

    /// The worker's exit status, once it has left.
    func exitStatus() -> Int32? {
        thread.join()
        return status.value.withLock { $0 }
    }
}
