package import Logging
package import Protocol

/// How a worker's loop ended, when nothing failed.
package enum WorkerOutcome: Sendable, Equatable {
    case completed
    case stopped
}

/// The model worker's loop: take requests in, answer or hold them, run what is held at a flush.
///
/// Everything happens on the one thread that calls `run`; it sleeps in the poller and nowhere else.
package final class ModelWorker {
    /// After being told to leave, how long a master may be silent before the worker goes by itself.
    private static let leavingPatience = Duration.seconds(30)

    private let worker: Int
    private let executor: ModelExecutor
    private let orders: WorkerMailbox<WorkerCommand>
    private let progress: WorkerProgress
    private let logger: Logger
    private let requests: ZeroMQSocket
    private let replies: ZeroMQSocket
    private var queue = RequestQueue()
    private var hasFinished = false
    private var isLeaving = false

    /// Connects to the master and announces itself.
    package init(
        worker: Int, executor: ModelExecutor, context: ZeroMQContext, runtime: RuntimeFolder,
        orders: WorkerMailbox<WorkerCommand>, progress: WorkerProgress, logger: Logger
    ) throws {
        let incoming = try ZeroMQSocket.open(context, .pull, options: SocketOptions(receiveHighWater: 0))
        try incoming.connect(runtime.masterSend(to: worker))
        let outgoing = try ZeroMQSocket.open(
            context, .push, options: SocketOptions(sendHighWater: 0, lingerMilliseconds: 1000))
        try outgoing.connect(runtime.masterReceive())
        requests = incoming
        replies = outgoing
        self.worker = worker
        self.executor = executor
        self.orders = orders
        self.progress = progress
        self.logger = logger
        executor.readOrders = { [weak self] in
            self?.obey()
            return self?.isLeaving ?? false
        }
        try send(.joined(worker: worker))
    }

    /// Serves until the master has no more work, or until it is told to leave and the master is silent.
    package func run() throws -> WorkerOutcome {
        var lastRequest = ContinuousClock.now
        while !hasFinished {
            progress.waits()
            let left = isLeaving ? max(.zero, Self.leavingPatience - (ContinuousClock.now - lastRequest)) : nil
            let readable = try Poller.wait([requests.pollItem, orders.pollItem], timeout: left)
            progress.moved()
            if readable[1] { obey() }
            while !hasFinished, let frames = try requests.receive() {
                lastRequest = ContinuousClock.now
                try take(frames)
            }
            if isLeaving, ContinuousClock.now - lastRequest >= Self.leavingPatience { break }
        }
        return isLeaving ? .stopped : .completed
    }

    private func obey() {
        for command in orders.take() {
            // Pausing is the master's business: a model worker without requests rests by itself.
            switch command {
            case .order(.exit): isLeaving = true
            case .order(.saveWhole): executor.saveWanted()
            default: break
            }
        }
    }

    private func take(_ frames: [[UInt8]]) throws {
        guard let frame = frames.first else { return }
        let wire: WireRequest
        do {
            wire = try WireCodec.decode(WireRequest.self, from: frame)
        } catch {
            logger.warning("a request was refused: \(error.summary)")
            return
        }
        do {
            for action in queue.receive(try Request(wire)) { try perform(action) }
        } catch let error as WorkerError where error.code == .message {
            try refuse(RequestID(wire.id), describe(error))
        }
    }

    private func perform(_ action: RequestQueue.Action) throws {
        switch action {
        case .answer(let request):
            if let reply = executor.answer(request) { try send(.reply(reply)) }
        case .run(let batch):
            try executor.run(batch) { try send(.reply($0)) }
        case .finish:
            hasFinished = true
        case .refuse(let request, let reason):
            try refuse(request.id, reason)
        }
    }

    private func refuse(_ request: RequestID, _ reason: String) throws {
        logger.error("\(reason)")
        try send(.reply(Reply(to: request, from: worker, .failed(reason))))
    }

    private func send(_ message: WorkerMessage) throws {
        guard case .sent = try replies.send([WireCodec.encode(message.wire)]) else {
            throw WorkerError(.full, "a reply to the master could not be sent")
        }
    }
}
