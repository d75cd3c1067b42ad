import Glibc
import Protocol
import Synchronization
import TestSupport

@testable import Orchestrator

/// What a fake worker does once it may run.
enum Behaviour: Sendable {
    /// Runs until it is told to leave.
    case obedient
    /// Reports its work as done and leaves.
    case completes
    /// Ends as if by a signal, the moment it runs.
    case crashes
    /// Reports an error and leaves with status 1.
    case fails(String)
    /// Runs, but does not hear that it should leave.
    case deaf
    /// Its program cannot be started.
    case unspawnable
    /// Gives up before the start and leaves with status 0.
    case deserts
    /// Says what is wrong with its configuration and leaves with status 1.
    case refuses(String)
}

/// A worker's process played by a thread: it ends when its script or a signal says so.
final class FakeProcess: WorkerProcess, Sendable {
    let pid: Int32
    private let ended: WakeUp
    let signalled: WakeUp
    private let state = Mutex<(status: ExitStatus?, signals: [Int32])>((nil, []))

    init(pid: Int32) throws {
        self.pid = pid
        ended = try WakeUp()
        signalled = try WakeUp()
    }

    var pollItem: PollItem { ended.pollItem }
    func exitStatus() -> ExitStatus? { state.withLock { $0.status } }
    var lastSignal: Int32? { state.withLock { $0.signals.last } }

    func signalGroup(_ signal: Int32) {
        state.withLock { $0.signals.append(signal) }
        signalled.signal()
    }

    func end(_ status: ExitStatus) {
        state.withLock { if $0.status == nil { $0.status = status } }
        ended.signal()
    }
}

/// Spawns fake workers that speak the control protocol over real sockets.
final class FakeSpawner: WorkerSpawner {
    private let runtime: RuntimeFolder
    private let script: @Sendable (WorkerID, Int) -> Behaviour
    private let context = ZeroMQContext()
    private var threads: [TestThread] = []
    private(set) var spawned: [String] = []
    /// Signalled when the master is told to start.
    let masterStarted: WakeUp
    /// Every configuration a worker was given.
    let configurations = FakeConfigurations()

    init(_ runtime: RuntimeFolder, script: @escaping @Sendable (WorkerID, Int) -> Behaviour) throws {
        self.runtime = runtime
        self.script = script
        masterStarted = try WakeUp()
    }

    func spawn(_ worker: WorkerID, attempt: Int, launch: Int) throws -> any WorkerProcess {
        spawned.append(launch == 0 ? "\(worker)#\(attempt)" : "\(worker)#\(attempt).\(launch)")
        let behaviour = script(worker, attempt)
        if case .unspawnable = behaviour { throw SpawnError(path: "/gone/cockpit", number: ENOENT) }
        let process = try FakeProcess(pid: Int32(1_000_000 + spawned.count))
        let play = FakeWorker(
            id: worker, attempt: attempt, launch: launch, behaviour: behaviour, process: process, runtime: runtime,
            context: context, masterStarted: masterStarted, configurations: configurations)
        threads.append(try TestThread { play.run() })
        return process
    }

    func join() { for thread in threads { thread.join() } }
}

final class FakeConfigurations: Sendable {
    private let all = Mutex<[WireConfigure]>([])
    func add(_ configuration: WireConfigure) { all.withLock { $0.append(configuration) } }
    var list: [WireConfigure] { all.withLock { $0 } }
}

private struct FakeWorker: Sendable {
    let id: WorkerID
    let attempt: Int
    let launch: Int
    let behaviour: Behaviour
    let process: FakeProcess
    let runtime: RuntimeFolder
    let context: ZeroMQContext
    let masterStarted: WakeUp
    let configurations: FakeConfigurations

    func run() {
        do {
            process.end(try play())
        } catch {
            process.end(.exited(99))
        }
    }

    private func play() throws -> ExitStatus {
        // A word said just before leaving must still arrive.
        let options = SocketOptions(identity: id.description, lingerMilliseconds: 1000)
        let socket = try ZeroMQSocket.open(context, .dealer, options: options)
        try socket.connect(runtime.control())
        try say(socket) { $0.hello = WireHello() }
        while true {
            let ready = try Poller.wait([process.signalled.pollItem, socket.pollItem], timeout: .seconds(120))
            if ready[0], let signal = process.lastSignal { return .signalled(signal) }
            guard ready[1], let frames = try socket.receive() else { return .exited(98) }
            let command = try WireCodec.decode(WireWorkerCommand.self, from: frames[0])
            if let end = try obey(command.body, socket) { return end }
        }
    }

    private func obey(_ order: WireWorkerCommand.OneOf_Body?, _ socket: borrowing ZeroMQSocket) throws -> ExitStatus? {
        switch order {
        case .configure(let configuration):
            configurations.add(configuration)
            if case .deserts = behaviour { return .exited(0) }
            if case .refuses(let detail) = behaviour {
                try report(socket, .failed, detail: detail)
                return .exited(1)
            }
            try report(socket, .configured)
        case .order(WorkerOrder.start.rawValue):
            return try start(socket)
        case .order(WorkerOrder.exit.rawValue):
            if case .deaf = behaviour { return nil }
            return .exited(0)
        default: break
        }
        return nil
    }

    private func start(_ socket: borrowing ZeroMQSocket) throws -> ExitStatus? {
        try report(socket, .running)
        if id == .master { masterStarted.signal() }
        switch behaviour {
        case .obedient, .deaf, .unspawnable, .deserts, .refuses: return nil
        case .crashes: return .signalled(SIGSEGV)
        case .completes:
            try report(socket, .completed)
            return .exited(0)
        case .fails(let detail):
            try report(socket, .failed, detail: detail)
            return .exited(1)
        }
    }

    private func report(_ socket: borrowing ZeroMQSocket, _ state: WorkerState, detail: String = "") throws {
        try say(socket) { report in
            report.state.state = state.rawValue
            report.state.detail = detail
        }
    }

    private func say(_ socket: borrowing ZeroMQSocket, _ fill: (inout WireWorkerReport) -> Void) throws {
        let frame = try WireCodec.encode(
            WireWorkerReport.make { report in
                report.worker = id.description
                report.attempt = UInt64(attempt)
                report.launch = UInt32(launch)
                fill(&report)
            })
        _ = try socket.send([frame])
    }
}
