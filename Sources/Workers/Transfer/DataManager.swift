package import Protocol

/// Executes redistribution plans on one model worker: sends what it holds, waits for what it lacks.
///
/// Confined to the model worker's thread.
package final class DataManager {
    private let worker: Int
    private let context: ZeroMQContext
    private let runtime: RuntimeFolder
    private let receiver: DataReceiver
    private var senders: [Int: DataSender] = [:]
    private var inbox = TransferInbox()
    private let patience: Duration
    /// Messages that were no tensors of a peer; they are left out and change nothing.
    package private(set) var refusedMessages = 0
    /// Why the last of them was refused.
    package private(set) var lastRefusal = ""

    /// - Parameter patience: how long one transfer may take to arrive. A sender that still computes is not late, so it
    ///   is longer than any sane model function call.
    package init(
        worker: Int, context: ZeroMQContext, runtime: RuntimeFolder, patience: Duration = .seconds(1800)
    ) throws {
        self.worker = worker
        self.context = context
        self.runtime = runtime
        self.patience = patience
        receiver = try DataReceiver(context, bind: runtime.data(worker))
    }

    /// Sends this worker's steps of a plan; never waits.
    package func send(_ transfer: DataTransfer, from storage: SampleStorage) throws {
        for (index, step) in transfer.plan.steps.enumerated() where step.from == worker && step.to != step.from {
            let sample = try storage.batch(ids: step.ids, keys: step.keys)
            let header = WireTensorHeader.make {
                $0.transferID = transfer.id
                $0.fromWorker = UInt32(worker)
                $0.stepIndex = UInt32(index)
                $0.sample = WireSampleMetadata(sample)
            }
            var frames = [try WireCodec.encode(header)]
            for column in header.sample.columns {
                frames.append(sample.columns[SequenceKey(column.key)]?.array?.littleEndianBytes ?? [])
            }
            try sender(to: step.to).send(frames)
        }
    }

    /// Waits for this worker's steps of a plan and stores what they bring.
    /// - Throws: `WorkerError` naming the workers that have not sent when patience is at an end.
    package func receive(_ transfer: DataTransfer, into storage: SampleStorage) throws {
        let steps = transfer.plan.steps
        let expected = steps.enumerated().filter { $1.to == worker && $1.to != $1.from }
        let slots = expected.map { TransferInbox.Slot(transfer: transfer.id, step: $0.offset) }
        let start = ContinuousClock.now
        try drain()
        while case let missing = inbox.missing(slots), !missing.isEmpty {
            let left = patience - (ContinuousClock.now - start)
            guard left > .zero else {
                let late = Set(missing.map { steps[$0.step].from }).sorted()
                let names = late.map { WorkerID(.model, $0).description }.joined(separator: ", ")
                let refused =
                    refusedMessages == 0 ? "" : "; \(refusedMessages) messages were refused, the last: \(lastRefusal)"
                throw WorkerError(
                    .transfer, "no data from \(names) for transfer \(transfer.id) within \(patience)\(refused)")
            }
            try receiver.wait(left)
            try drain()
        }
        for slot in slots {
            if let sample = inbox.take(slot) { try storage.add(sample) }
        }
    }

    private func drain() throws {
        while let frames = try receiver.next() {
            guard let first = frames.first else { continue }
            do {
                let header = try WireCodec.decode(WireTensorHeader.self, from: first)
                let sample = try header.sample.sample(frames: Array(frames.dropFirst()))
                inbox.receive(sample, for: .init(transfer: header.transferID, step: Int(header.stepIndex)))
            } catch {
                refusedMessages += 1
                lastRefusal = describe(error)
            }
        }
    }

    private func sender(to peer: Int) throws -> DataSender {
        if let known = senders[peer] { return known }
        let made = try DataSender(context, connect: runtime.data(peer), peer: peer)
        senders[peer] = made
        return made
    }
}

/// The PULL end of the data plane.
private final class DataReceiver {
    private let socket: ZeroMQSocket

    init(_ context: ZeroMQContext, bind endpoint: Endpoint) throws {
        let opened = try ZeroMQSocket.open(
            context, .pull, options: SocketOptions(largestMessage: WireCodec.largestTensor))
        try opened.bind(endpoint)
        socket = opened
    }

    func wait(_ timeout: Duration) throws { _ = try Poller.wait([socket.pollItem], timeout: timeout) }
    func next() throws -> [[UInt8]]? { try socket.receive() }
}

/// The PUSH end towards one peer.
private final class DataSender {
    private let socket: ZeroMQSocket
    private let peer: Int

    init(_ context: ZeroMQContext, connect endpoint: Endpoint, peer: Int) throws {
        let opened = try ZeroMQSocket.open(context, .push, options: SocketOptions(lingerMilliseconds: 1000))
        try opened.connect(endpoint)
        socket = opened
        self.peer = peer
    }

    func send(_ frames: [[UInt8]]) throws {
        guard case .sent = try socket.send(frames) else {
            throw WorkerError(.transfer, "\(WorkerID(.model, peer)) takes no data: its queue is full")
        }
    }
}
