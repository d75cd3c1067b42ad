package import Protocol
import Synchronization

/// Publishes a worker's telemetry from a thread of its own.
///
/// A batch leaves 50 ms after its first record, or as soon as it is full. It is kept until the orchestrator has
/// committed it; what is not acknowledged in time is sent again.
package final class TelemetryPublisher: Sendable {
    /// What became of the last of a worker's telemetry.
    package enum Farewell: Sendable, Equatable {
        /// The store has it.
        case stored
        /// So many batches lie in the spool file.
        case spooled(batches: Int)
        /// It is nowhere, for the reason given.
        case lost(String)
        /// The same, of one that would have waited and was told to hurry.
        case abandoned(String)
    }

    private enum Life {
        case open
        case closing(Closing)

        var isClosing: Bool { if case .closing = self { true } else { false } }
    }

    private struct Closing {
        let patience: Int64
        let spool: String?
        let whileWaiting: @Sendable () -> Void
    }

    /// How long the first record of a batch waits for company.
    package static let gathering = Duration.milliseconds(50)
    private static let gatheringNanoseconds: Int64 = 50_000_000
    /// Between two tries to write a spool file that could not be written.
    private static let spoolPause: Int64 = 2_000_000_000
    /// How long one that is told to hurry waits for an acknowledgement: a store at work answers within a commit.
    private static let hurriedPatience: Int64 = 1_000_000_000

    private let context: ZeroMQContext
    private let endpoint: Endpoint
    private let source: String
    private let epoch: UInt64
    private let queue: TelemetryQueue
    private let life = Mutex(Life.open)
    private let isHurried = Mutex(false)
    private let farewell = Mutex(Farewell.stored)
    private let thread = Mutex<OwnThread?>(nil)
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
        let started = try OwnThread(name: "telemetry") { [self] in
            let ending: Farewell
            do { ending = try run() } catch { ending = .lost("telemetry has ended: \(describe(error))") }
            switch ending {
            case .lost(let reason), .abandoned(let reason): complain(reason)
            case .stored, .spooled: break
            }
            farewell.withLock { $0 = ending }
            queue.close()
        }
        thread.withLock { $0 = started }
    }

    /// Sends what is left, waits until all of it is acknowledged, and ends the thread.
    ///
    /// Where nothing is acknowledged for `patience`, what is left goes to the file `spool`; where that cannot be written
    /// either, it waits for whichever comes first, or until it is told to hurry. Without a file it gives up after its
    /// patience.
    /// - Parameter whileWaiting: called by the publisher's thread each time the file could not be written.
    package func close(
        patience: Duration, spool: String?, whileWaiting: @escaping @Sendable () -> Void = {}
    ) -> Farewell {
        let (seconds, attoseconds) = patience.components
        let nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        life.withLock {
            $0 = .closing(Closing(patience: nanoseconds, spool: spool, whileWaiting: whileWaiting))
        }
        queue.wake()
        thread.withLock { $0 }?.join()
        return farewell.withLock { $0 }
    }

    /// Whoever closes, now or later, waits for nothing but a moment: what is not acknowledged then is left in the file,
    /// or nowhere. Whoever measures finds a full queue dropping instead of waiting, so that it gets to its end.
    package func hurry() {
        isHurried.withLock { $0 = true }
        queue.close()
        queue.wake()
    }

    private func run() throws -> Farewell {
        let socket = try ZeroMQSocket.open(context, .dealer, options: SocketOptions(identity: source))
        try socket.connect(endpoint)
        var sender = TelemetrySender(source: source, epoch: epoch)
        var gatherUntil: Int64?, patienceEnds: Int64?, isTold = false
        while true {
            let readable = try Poller.wait(
                [socket.pollItem, queue.pollItem], timeout: timeout(sender, gatherUntil, patienceEnds))
            let now = RunClock.bootNanoseconds(), life = life.withLock { $0 }
            let before = sender.unacknowledged
            if readable[0] { try receiveAcknowledgements(on: socket, &sender, now: now) }
            if readable[1], gatherUntil == nil { gatherUntil = now + Self.gatheringNanoseconds }
            let isFull = queue.count >= TelemetryBatcher.largestRows
            if sender.hasRoom, isFull || life.isClosing || (gatherUntil ?? .max) <= now {
                try sender.add(queue.drain(), dropped: queue.dropped)
                gatherUntil = nil
            } else if readable[1] {
                queue.acknowledgeWake()
            }
            sender.timePassed(now: now)
            try send(on: socket, &sender, now: now)
            guard case .closing(let closing) = life else { continue }
            if sender.isDrained, queue.count == 0 { return .stored }
            if patienceEnds == nil || sender.unacknowledged < before { patienceEnds = now + closing.patience }
            let isHurried = isHurried.withLock { $0 }
            if isHurried { patienceEnds = min(patienceEnds ?? .max, now + Self.hurriedPatience) }
            guard now >= (patienceEnds ?? .max) else { continue }
            guard let spool = closing.spool else {
                return .lost("\(sender.unacknowledged) batches were not acknowledged")
            }
            do {
                return .spooled(batches: try leave(sender, at: spool))
            } catch {
                let reason = describe(error)
                if isHurried {
                    return .abandoned(
                        "the last that was measured could neither be stored nor left on the disk: \(reason)")
                }
                if !isTold { complain("the last telemetry waits for the disk, which does not take it: \(reason)") }
                isTold = true
                closing.whileWaiting()
            }
            patienceEnds = now + Self.spoolPause
        }
    }

    /// Writes what is not acknowledged to the spool file; - Returns: how many batches.
    private func leave(_ sender: TelemetrySender, at path: String) throws -> Int {
        let records = queue.drain()
        do {
            let frames = try sender.everything(and: records, dropped: queue.dropped)
            try SpoolFile.write(frames, to: path)
            complain("the orchestrator takes no telemetry: \(frames.count) batches were left in \(path)")
            return frames.count
        } catch {
            for record in records { queue.append(record) }
            throw error
        }
    }

    private func timeout(_ sender: TelemetrySender, _ gatherUntil: Int64?, _ patienceEnds: Int64?) -> Duration? {
        let gathering = sender.hasRoom ? gatherUntil : nil
        let due = [sender.deadline, gathering, patienceEnds].compactMap(\.self)
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
