package import Logging
package import Protocol

/// The master worker's loop: one thread that turns replies and the user's commands into events for `MasterCore`, and
/// its actions into requests and telemetry.
package final class MasterWorker {
    private var core: MasterCore
    private let replies: ZeroMQSocket
    private let workers: [Int: RequestSender]
    private let orders: WorkerMailbox<WorkerCommand>
    private let news: WorkerMailbox<WorkerNews>
    private let queue: TelemetryQueue
    private let progress: WorkerProgress
    private let clock: RunClock
    private let logger: Logger
    private var outcome: MasterOutcome?

    /// Binds its sockets; model workers may connect before or after.
    package init(
        _ settings: MasterSettings, context: ZeroMQContext, runtime: RuntimeFolder,
        orders: WorkerMailbox<WorkerCommand>,
        news: WorkerMailbox<WorkerNews>, queue: TelemetryQueue, progress: WorkerProgress, clock: RunClock,
        logger: Logger
    ) throws {
        core = try MasterCore(settings)
        let incoming = try ZeroMQSocket.open(context, .pull, options: SocketOptions(receiveHighWater: 0))
        try incoming.bind(runtime.masterReceive())
        var workers: [Int: RequestSender] = [:]
        for index in settings.plan.calledWorkers {
            workers[index] = try RequestSender(context, bind: runtime.masterSend(to: index), worker: index)
        }
        self.workers = workers
        replies = incoming
        self.orders = orders
        self.news = news
        self.queue = queue
        self.progress = progress
        self.clock = clock
        self.logger = logger
    }

    /// How long the last requests may take to leave.
    private static let farewell = Duration.seconds(2)
    /// ZeroMQ says when a peer can be read, and here nothing says when a worker that has announced itself is also
    /// connected to its request socket; a request that meets that moment is tried again after this time.
    private static let retry = Duration.milliseconds(2)

    /// Runs the whole plan. A reply with an error ends it with that error.
    package func run() throws -> MasterOutcome {
        while outcome == nil {
            let isBlocked = try !sendWaiting()
            progress.waits()
            let readable = try Poller.wait(
                [replies.pollItem, orders.pollItem], timeout: isBlocked ? Self.retry : nil)
            progress.moved()
            if readable[1] {
                for case .order(let order) in orders.take() { try handle(.order(order)) }
            }
            while outcome == nil, let frames = try replies.receive() { try take(frames) }
        }
        // A worker that never came cannot be told that there is nothing to do.
        let deadline = ContinuousClock.now + Self.farewell
        while try !sendWaiting(), ContinuousClock.now < deadline {
            _ = try Poller.wait([replies.pollItem], timeout: Self.retry)
        }
        return outcome ?? .stopped
    }

    /// Sends what could not be sent yet; whether nothing is left.
    private func sendWaiting() throws -> Bool {
        var isEmpty = true
        for worker in workers.values { isEmpty = try worker.sendWaiting() && isEmpty }
        return isEmpty
    }

    private func take(_ frames: [[UInt8]]) throws {
        let wire: WireReply
        do {
            guard let frame = frames.first else { return }
            wire = try WireCodec.decode(WireReply.self, from: frame)
        } catch {
            logger.warning("a reply was refused: \(describe(error))")
            return
        }
        let message: WorkerMessage
        do {
            message = try WorkerMessage(wire)
        } catch let error as WorkerError {
            logger.warning("a reply was refused: \(error.summary)")
            return
        }
        switch message {
        case .joined(let worker): try handle(.joined(worker: worker))
        case .reply(let reply): try handle(.reply(reply))
        }
    }

    private func handle(_ event: MasterEvent) throws {
        for action in try core.handle(event, now: clock.now()) { try perform(action) }
    }

    private func perform(_ action: MasterAction) throws {
        switch action {
        case .send(let worker, let request): try workers[worker]?.add(request)
        case .metrics(let step, let metrics): queue.append(.metrics(step: step, time: clock.now(), metrics))
        case .buffer(let record): queue.append(.buffer(record))
        case .checkpoint(let record): queue.append(.checkpoint(record))
        case .log(let level, let text): logger.log(level: Logger.Level(level), "\(text)")
        case .state(let state, let step): news.post(state == .paused ? .paused(step: step) : .running(step: step))
        case .working(let mfc, let step): progress.works(on: mfc, step: step)
        case .finish(let result): outcome = result
        }
    }
}

/// The PUSH socket of one model worker.
private final class RequestSender {
    private let socket: ZeroMQSocket
    private let worker: Int
    private var waiting: [Request] = []

    init(_ context: ZeroMQContext, bind endpoint: Endpoint, worker: Int) throws {
        // Metadata only, and the master has a handful of requests out: no limit but memory, so that `.full` is a fault.
        let opened = try ZeroMQSocket.open(
            context, .push, options: SocketOptions(sendHighWater: 0, lingerMilliseconds: 1000))
        try opened.bind(endpoint)
        socket = opened
        self.worker = worker
    }

    /// Sends a request, after those that wait.
    func add(_ request: Request) throws {
        guard waiting.count < RequestQueue.limit else {
            throw WorkerError(.full, "\(waiting.count) requests wait for \(WorkerID(.model, worker)), which takes none")
        }
        waiting.append(request)
        _ = try sendWaiting()
    }

    /// Sends as many as go; whether none is left.
    func sendWaiting() throws -> Bool {
        while let request = waiting.first {
            guard case .sent = try socket.send([WireCodec.encode(request.wire)]) else { return false }
            waiting.removeFirst()
        }
        return true
    }
}

extension Logger.Level {
    fileprivate init(_ level: LogLevel) {
        switch level {
        case .debug: self = .debug
        case .info: self = .info
        case .warning: self = .warning
        case .error: self = .error
        }
    }
}
