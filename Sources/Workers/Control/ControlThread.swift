package import Protocol
import Synchronization

/// The worker's line to its orchestrator, on a thread of its own, so that it answers and beats while the main loop
/// computes.
package final class ControlThread: Sendable {
    /// Between two heartbeats.
    package static let beat = Duration.milliseconds(500)

    private let worker: WorkerID
    private let epoch: TelemetryEpoch
    private let context: ZeroMQContext
    private let endpoint: Endpoint
    private let orders: WorkerMailbox<WorkerCommand>
    private let news: WorkerMailbox<WorkerNews>
    private let progress: WorkerProgress
    private let saveWhole: @Sendable () throws -> Void
    private let hurry: @Sendable () -> Void
    private let processID: Int32
    private let complain: @Sendable (String) -> Void

    package init(
        worker: WorkerID, epoch: TelemetryEpoch, context: ZeroMQContext, endpoint: Endpoint, processID: Int32,
        orders: WorkerMailbox<WorkerCommand>, news: WorkerMailbox<WorkerNews>, progress: WorkerProgress,
        saveWhole: @escaping @Sendable () throws -> Void = {}, hurry: @escaping @Sendable () -> Void = {},
        complain: @escaping @Sendable (String) -> Void
    ) {
        self.worker = worker
        self.epoch = epoch
        self.context = context
        self.endpoint = endpoint
        self.processID = processID
        self.orders = orders
        self.news = news
        self.progress = progress
        self.saveWhole = saveWhole
        self.hurry = hurry
        self.complain = complain
    }

    /// Serves until the main thread has reported its end. The last report lingers until it is sent, 2 s at most.
    package func run() throws {
        let socket = try ZeroMQSocket.open(
            context, .dealer, options: SocketOptions(identity: worker.description, lingerMilliseconds: 2000))
        try socket.connect(endpoint)
        var machine = WorkerStateMachine()
        try send(.hello(WireHello()), on: socket)
        try perform(machine.connected(), on: socket)
        var nextBeat = ContinuousClock.now + Self.beat
        while !machine.state.isTerminal {
            let readable = try Poller.wait(
                [socket.pollItem, news.pollItem], timeout: max(.zero, nextBeat - ContinuousClock.now))
            if readable[0] { try receive(on: socket, &machine) }
            for item in news.take() { try perform(machine.news(item), on: socket) }
            if ContinuousClock.now >= nextBeat {
                try send(.heartbeat(progress.heartbeat()), on: socket)
                nextBeat = ContinuousClock.now + Self.beat
            }
        }
    }

    /// Commands taken in one look: a flood of them must not hold up heartbeats and the main loop's news.
    private static let mostAtOnce = 64

    private func receive(on socket: borrowing ZeroMQSocket, _ machine: inout WorkerStateMachine) throws {
        for _ in 0..<Self.mostAtOnce {
            guard let frames = try socket.receive() else { return }
            do {
                guard let frame = frames.last else { continue }
                let command = try WireCodec.decode(WireWorkerCommand.self, from: frame)
                try perform(machine.command(WorkerCommand(command)), on: socket)
            } catch let error as WireError {
                // Garbage on the control socket is somebody else's mistake; the training goes on.
                complain("a command was refused: \(error.summary)")
            }
        }
    }

    private func perform(_ actions: [WorkerStateMachine.Action], on socket: borrowing ZeroMQSocket) throws {
        for action in actions {
            switch action {
            case .report(let state, let detail, let step, let persistence):
                // What was done since the last heartbeat is known to nobody else, and no other one follows.
                if state.isTerminal { try send(.heartbeat(progress.heartbeat()), on: socket) }
                let change = filled(WireStateChange()) {
                    $0.state = state.rawValue
                    $0.detail = detail
                    $0.step = step
                    $0.lasting = persistence == .lasting
                }
                try send(.state(change), on: socket)
            case .obey(let command):
                // The main thread may be in its last wait, in which it hears nobody.
                if command == .order(.leaveNow) { hurry() }
                if !orders.post(command) { complain("a command was dropped: the queue of the main thread is full") }
            case .saveWhole:
                do { try saveWhole() } catch { news.post(.saved(.failed(describe(error)))) }
            case .reportSaved(let outcome):
                try send(.saved(Self.message(outcome)), on: socket)
            case .refuse(let reason):
                complain(reason)
            }
        }
    }

    private static func message(_ outcome: SaveOutcome) -> WireSaved {
        filled(WireSaved()) {
            switch outcome {
            case .saved(let step): $0.step = step
            case .failed(let problem): $0.problem = problem
            }
        }
    }

    private func send(_ body: WireWorkerReport.OneOf_Body, on socket: borrowing ZeroMQSocket) throws {
        let report = WireWorkerReport.make {
            $0.worker = worker.description
            $0.attempt = epoch.attempt
            $0.launch = UInt32(clamping: epoch.launch)
            $0.pid = processID
            $0.body = body
        }
        // A full queue means that the orchestrator has not read for minutes: a heartbeat more or less is no matter.
        _ = try socket.send([WireCodec.encode(report)])
    }
}
