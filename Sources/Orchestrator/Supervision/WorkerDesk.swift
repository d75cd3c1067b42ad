import Protocol

/// The orchestrator's end of the workers' control sockets: frames to events, orders to frames.
final class WorkerDesk {
    /// What a worker is sent.
    enum Message {
        case configure(Configuration)
        case order(WorkerOrder)

        /// As a log names it.
        var name: String {
            switch self {
            case .configure: "configure"
            case .order(let order): order.rawValue
            }
        }
    }

    /// What a worker works with.
    struct Configuration {
        let plan: TrialPlan
        let runtime: RuntimeFolder
        let folder: TrialFolder
        let attempt: Int
        let clock: RunClock
        let resumeStep: Int
    }

    private let socket: ZeroMQSocket
    private let endpoint: Endpoint
    private let workers: Set<WorkerID>
    private var garbage = RateLimitedCount()

    init(_ context: ZeroMQContext, endpoint: Endpoint, workers: [WorkerID]) throws(TransportError) {
        let socket = try ZeroMQSocket.open(context, .router)
        try socket.bind(endpoint)
        self.socket = socket
        self.endpoint = endpoint
        self.workers = Set(workers)
    }

    var pollItem: PollItem { socket.pollItem }

    /// Messages taken in one look: a worker that floods the socket must not keep the loop from signals and commands.
    static let mostAtOnce = 256

    /// Binds the socket again where its file has been swept away; whether it had.
    func bindAgain() throws(TransportError) -> Bool { try socket.bindAgain(endpoint) }

    /// What has arrived; what is left stays readable. Frames that are no report of a worker of this trial are counted and
    /// spoken of.
    /// - Parameter isCurrent: whether the process of a worker with this launch number is the one that lives; what another
    ///   one had said before it ended is passed over.
    func receive(from isCurrent: (WorkerID, Int) -> Bool, log: (LogLevel, String) -> Void) -> [TrialEvent] {
        var events: [TrialEvent] = []
        for _ in 0..<Self.mostAtOnce {
            // A receive that fails is tried again at the next poll.
            guard let frames = (try? socket.receive()) ?? nil else { break }
            if let (report, worker) = report(in: frames), let event = event(of: report, from: worker) {
                if isCurrent(worker, Int(report.launch)) { events.append(event) }
            } else if let count = garbage.count(now: RunClock.bootNanoseconds()) {
                log(.warning, "\(count) control frames were refused: they are no report of a worker of this trial")
            }
        }
        return events
    }

    private func report(in frames: [[UInt8]]) -> (WireWorkerReport, WorkerID)? {
        guard frames.count == 2, let report = try? WireCodec.decode(WireWorkerReport.self, from: frames[1]),
            let worker = WorkerID(report.worker), workers.contains(worker), frames[0] == Array(report.worker.utf8)
        else { return nil }
        return (report, worker)
    }

    private func event(of report: WireWorkerReport, from worker: WorkerID) -> TrialEvent? {
        let attempt = Int(clamping: report.attempt)
        switch report.body {
        case .hello:
            return .hello(worker, attempt: attempt)
        case .heartbeat(let beat):
            let pulse = TrialEvent.Pulse(
                idle: beat.idleNs, mfc: beat.mfc, step: Int(clamping: beat.step),
                weightVersion: Int(clamping: beat.weightVersion), quiet: beat.quietNs, waits: beat.waits)
            return .heartbeat(worker, attempt: attempt, pulse)
        case .state(let change):
            guard let state = WorkerState(rawValue: change.state) else { return nil }
            return .report(
                worker, attempt: attempt, state: state, detail: change.detail, step: Int(clamping: change.step),
                change.lasting ? .lasting : .passing)
        case .saved(let saved):
            return .saved(worker, attempt: attempt, step: Int(clamping: saved.step), problem: saved.problem)
        case nil:
            return nil
        }
    }

    /// - Returns: why the worker could not be told; nil when it was.
    func send(_ message: Message, to worker: WorkerID) -> String? {
        do {
            let frame = try WireCodec.encode(Self.wire(message))
            switch try socket.send([Array(worker.description.utf8), frame]) {
            case .sent: return nil
            case .full: return "its queue is full"
            case .unreachable: return "it is not connected"
            }
        } catch {
            return describe(error)
        }
    }

    static func wire(_ message: Message) -> WireWorkerCommand {
        switch message {
        case .order(let order):
            WireWorkerCommand.make { $0.order = order.rawValue }
        case .configure(let configuration):
            WireWorkerCommand.make { command in
                command.configure.plan = configuration.plan.wire
                command.configure.runtimeFolder = configuration.runtime.path
                command.configure.trialFolder = configuration.folder.path
                command.configure.attempt = UInt64(max(0, configuration.attempt))
                command.configure.clockOriginNs = configuration.clock.originNanoseconds
                command.configure.resumeStep = UInt64(max(0, configuration.resumeStep))
            }
        }
    }
}
