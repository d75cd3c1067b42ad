package import Protocol
import Synchronization

/// Publishes a worker's telemetry from a thread of its own.
///
/// A batch leaves 50 ms after its first record, or as soon as it is full. It is kept until the orchestrator has
/// committed it; what is not acknowledged in time is sent again.
package final class TelemetryPublisher: Sendable {
    private enum Life: Equatable {
        case open
        /// Everything is to be out by then; nanoseconds of CLOCK_BOOTTIME.
        case closing(deadline: Int64)
    }

    /// How long the first record of a batch waits for company.
    package static let gathering = Duration.milliseconds(50)
    private static let gatheringNanoseconds: Int64 = 50_000_000

    private let context: ZeroMQContext
    private let endpoint: Endpoint
    private let source: String
    private let epoch: UInt64
    private let queue: TelemetryQueue
    private let life = Mutex(Life.open)
    private let thread = Mutex<WorkerThread?>(nil)
    private let complain: @Sendable (String) -> Void

    package init(
        context: ZeroMQContext, endpoint: Endpoint, source: String, epoch: UInt64, queue: TelemetryQueue,
        complain: @escaping @Sendable (String) -> Void
    ) {
        self.context = context
        self.endpoint = endpoint
        self.source = source
        self.epoch = epoch
        self.queue = queue
        self.complain = complain
    }

    /// Starts the thread.
    package func start() throws {
        let started = try WorkerThread { [self] in
            do { try run() } catch { complain("telemetry has ended: \(describe(error))") }
        }
        thread.withLock { $0 = started }
    }

    /// Sends what is left, waits for its acknowledgement until `patience` is at an end, and ends the thread.
    package func close(patience: Duration) {
        let (seconds, attoseconds) = patience.components
        let deadline = RunClock.bootNanoseconds() + seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        life.withLock { $0 = .closing(deadline: deadline) }
        queue.wake()
        thread.withLock { $0 }?.join()
    }

    private func run() throws {
        let socket = try ZeroMQSocket.open(context, .dealer, options: SocketOptions(identity: source))
        try socket.connect(endpoint)
        var sender = TelemetrySender(source: source, epoch: epoch)
        var gatherUntil: Int64?
        while true {
            let readable = try Poller.wait(
                [socket.pollItem, queue.pollItem], timeout: timeout(sender, gatherUntil: gatherUntil))
            let now = RunClock.bootNanoseconds(), life = life.withLock { $0 }
            if readable[0] { try receiveAcknowledgements(on: socket, &sender, now: now) }
            if readable[1], gatherUntil == nil { gatherUntil = now + Self.gatheringNanoseconds }
            let isFull = queue.count >= TelemetryBatcher.largestRows
            if isFull || life != .open || (gatherUntil ?? .max) <= now {
                try sender.add(queue.drain(), dropped: queue.dropped)
                gatherUntil = nil
            } else if readable[1] {
                queue.acknowledgeWake()
            }
            sender.timePassed(now: now)
            try send(on: socket, &sender, now: now)
            if case .closing(let deadline) = life, (sender.isDrained && queue.count == 0) || now >= deadline { return }
        }
    }

    private func timeout(_ sender: TelemetrySender, gatherUntil: Int64?) -> Duration? {
        var due = [sender.deadline, gatherUntil].compactMap(\.self)
        if case .closing(let deadline) = life.withLock({ $0 }) { due.append(deadline) }
        return due.min().map { .nanoseconds(max(0, $0 - RunClock.bootNanoseconds())) }
    }

    private func send(on socket: borrowing ZeroMQSocket, _ sender: inout TelemetrySender, now: Int64) throws {
        while let frame = sender.next(now: now) {
            guard case .sent = try socket.send([frame]) else {
                sender.sendFailed()
                return
            }
        }
    }

    private func receiveAcknowledgements(
        on socket: borrowing ZeroMQSocket, _ sender: inout TelemetrySender, now: Int64
    ) throws {
        while let frames = try socket.receive() {
            guard let frame = frames.last else { continue }
            do {
                sender.acknowledged(try WireCodec.decode(WireTelemetryAck.self, from: frame), now: now)
            } catch {
                complain("a telemetry answer was refused: \(describe(error))")
            }
        }
    }
}
