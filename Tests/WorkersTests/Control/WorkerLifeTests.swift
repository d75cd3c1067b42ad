import Protocol
import Synchronization
import TestSupport
import Testing

@testable import Workers

/// One worker process's body on a thread, with the orchestrator's side of its sockets played by the test.
private struct LoneWorker: ~Copyable {
    private let control: ZeroMQSocket
    private let telemetry: ZeroMQSocket
    private let thread: OwnThread
    private let status: Status
    private let id: WorkerID

    private final class Status: Sendable {
        let value = Mutex<Int32?>(nil)
    }

    static func start(_ id: WorkerID, in folder: TemporaryFolder, _ context: ZeroMQContext) throws -> LoneWorker {
        let runtime = RuntimeFolder(path: folder.path), path = folder.path, status = Status()
        let control = try ZeroMQSocket.open(context, .router), telemetry = try ZeroMQSocket.open(context, .router)
        try control.bind(runtime.control())
        try telemetry.bind(runtime.telemetry())
        let thread = try OwnThread(name: "test") {
            let result = WorkerMain.run(id: id, attempt: 1, runtimePath: path)
            status.value.withLock { $0 = result }
        }
        return LoneWorker(control: control, telemetry: telemetry, thread: thread, status: status, id: id)
    }

    private init(
        control: consuming ZeroMQSocket, telemetry: consuming ZeroMQSocket, thread: OwnThread, status: Status,
        id: WorkerID
    ) {
        self.control = control
        self.telemetry = telemetry
        self.thread = thread
        self.status = status
        self.id = id
    }

    func send(_ body: WireWorkerCommand.OneOf_Body) throws {
        _ = try control.send([
            Array(id.description.utf8), WireCodec.encode(WireWorkerCommand.make { $0.body = body }),
        ])
    }

    /// The next hello or state the worker reports, with its detail; its telemetry is acknowledged meanwhile.
    func next() throws -> (state: String, detail: String) {
        while true {
            let readable = try Poller.wait([control.pollItem, telemetry.pollItem], timeout: .seconds(120))
            guard readable.contains(true) else { throw WorkerError(.system, "the worker is silent") }
            while let frames = try telemetry.receive() { try acknowledge(frames) }
            guard let frames = try control.receive() else { continue }
            switch try WireCodec.decode(WireWorkerReport.self, from: frames[1]).body {
            case .hello: return ("hello", "")
            case .state(let state): return (state.state, state.detail)
            default: continue
            }
        }
    }

    private func acknowledge(_ frames: [[UInt8]]) throws {
        let batch = try WireCodec.decode(WireTelemetryBatch.self, from: frames[1])
        let ack = WireTelemetryAck.make {
            $0.epoch = batch.epoch
            $0.seq = batch.seq
        }
        _ = try telemetry.send([frames[0], WireCodec.encode(ack)])
    }

    /// Waits for the worker's end and returns its exit status.
    func exitStatus() -> Int32? {
        thread.join()
        return status.value.withLock { $0 }
    }
}

@Suite struct `The life of one worker process` {
    private let folder = TemporaryFolder()
    private let context = ZeroMQContext()

    private func configure(_ plan: WireTrialPlan) -> WireWorkerCommand.OneOf_Body {
        .configure(
            filled(WireConfigure()) {
                $0.plan = plan
                $0.runtimeFolder = folder.path
                $0.trialFolder = folder.path
                $0.attempt = 1
                $0.clockOriginNs = RunClock.bootNanoseconds()
            })
    }

    private func plan(_ change: (inout TrialPlan) -> Void = { _ in }) -> WireTrialPlan {
        let train = folder.file("train.jsonl", lines: TinyTrial.rows)
        var plan = TinyTrial.plan(train: train, heldOut: train)
        change(&plan)
        return plan.wire
    }

    @Test(arguments: [6, UInt64.max]) func `a step to go on after that the trial does not have fails it`(
        step: UInt64
    ) throws {
        let worker = try LoneWorker.start(WorkerID(.model, 0), in: folder, context)
        #expect(try worker.next().state == "hello")
        guard case .configure(var order) = configure(plan()) else { return }
        order.resumeStep = step
        try worker.send(.configure(order))
        let failed = try worker.next()
        #expect(failed.state == "failed")
        #expect(failed.detail == "trial tiny/test has 5 steps and cannot go on after step \(step)")
        #expect(worker.exitStatus() == 1)
    }

    private static let workers = [WorkerID.master, WorkerID(.model, 0)]

    @Test(arguments: workers) func `exit before configure ends it with status 0`(id: WorkerID) throws {
        let worker = try LoneWorker.start(id, in: folder, context)
        #expect(try worker.next().state == "hello")
        try worker.send(.order(WorkerOrder.exit.rawValue))
        #expect(try worker.next().state == "stopping")
        #expect(try worker.next().state == "stopped")
        #expect(worker.exitStatus() == 0)
    }

    @Test(arguments: workers) func `exit before start ends it with status 0`(id: WorkerID) throws {
        let worker = try LoneWorker.start(id, in: folder, context)
        #expect(try worker.next().state == "hello")
        try worker.send(configure(plan()))
        #expect(try worker.next().state == "configured")
        // Commands that do not fit are refused and change nothing.
        try worker.send(.order(WorkerOrder.pause.rawValue))
        try worker.send(configure(plan()))
        try worker.send(.order(WorkerOrder.exit.rawValue))
        #expect(try worker.next().state == "stopping")
        #expect(try worker.next().state == "stopped")
        #expect(worker.exitStatus() == 0)
    }

    @Test(arguments: workers) func `a plan that is none fails it with status 1`(id: WorkerID) throws {
        let worker = try LoneWorker.start(id, in: folder, context)
        #expect(try worker.next().state == "hello")
        try worker.send(configure(WireTrialPlan()))
        let failed = try worker.next()
        #expect(failed.state == "failed")
        #expect(failed.detail == "the plan's experiment is missing")
        #expect(worker.exitStatus() == 1)
    }

    @Test func `a worker whose data is not there fails with the path`() throws {
        let worker = try LoneWorker.start(WorkerID(.model, 0), in: folder, context)
        #expect(try worker.next().state == "hello")
        try worker.send(configure(plan { $0.setups[0].dataset.path = "/none/train.jsonl" }))
        let failed = try worker.next()
        #expect(failed.state == "failed")
        #expect(failed.detail == "/none/train.jsonl: cannot be opened: No such file or directory")
        #expect(worker.exitStatus() == 1)
    }

    @Test func `a master whose plan has no setup says so`() throws {
        let worker = try LoneWorker.start(.master, in: folder, context)
        #expect(try worker.next().state == "hello")
        try worker.send(configure(plan { $0.setups = [] }))
        let failed = try worker.next()
        #expect(failed.state == "failed")
        #expect(failed.detail.hasSuffix("has no setup or no model worker"))
        #expect(worker.exitStatus() == 1)
    }

    @Test func `a master told to leave while it waits for workers leaves`() throws {
        let worker = try LoneWorker.start(.master, in: folder, context)
        #expect(try worker.next().state == "hello")
        try worker.send(
            configure(
                plan { plan in
                    plan.modelWorkers.removeLast()
                    plan.setups.removeLast()
                }))
        #expect(try worker.next().state == "configured")
        try worker.send(.order(WorkerOrder.start.rawValue))
        #expect(try worker.next().state == "running")
        // Somebody who takes the last request, so that nobody waits for it to go out.
        let requests = try ZeroMQSocket.open(context, .pull)
        try requests.connect(RuntimeFolder(path: folder.path).masterSend(to: 0))
        // It answers to garbage from a worker's side with a line in its log.
        let peer = try ZeroMQSocket.open(context, .push, options: SocketOptions(lingerMilliseconds: 1000))
        try peer.connect(RuntimeFolder(path: folder.path).masterReceive())
        for frames in [[[0xff, 0x17]], [[]], [[], [1]]] as [[[UInt8]]] { _ = try peer.send(frames) }
        try worker.send(.order(WorkerOrder.exit.rawValue))
        #expect(try worker.next().state == "stopping")
        #expect(try worker.next().state == "stopped")
        #expect(worker.exitStatus() == 0)
    }
}

@Suite struct `A mailbox between threads` {
    @Test func `loses nothing between many senders and one receiver, and keeps each one's order`() throws {
        let mailbox = try WorkerMailbox<[Int]>(), senders = 4, each = 500
        let threads = try (0..<senders).map { sender in
            try OwnThread(name: "test") { for number in 0..<each { mailbox.post([sender, number]) } }
        }
        var taken: [[Int]] = []
        while taken.count < senders * each {
            guard try Poller.wait([mailbox.pollItem], timeout: .seconds(120)) == [true] else { break }
            taken += mailbox.take()
        }
        for thread in threads { thread.join() }
        for sender in 0..<senders {
            #expect(taken.filter { $0[0] == sender }.map { $0[1] } == Array(0..<each))
        }
    }

    @Test func `takes messages again once it has been emptied`() throws {
        let mailbox = try WorkerMailbox<Int>()
        for number in 0..<WorkerMailbox<Int>.limit + 3 { mailbox.post(number) }
        #expect(mailbox.take().count == WorkerMailbox<Int>.limit)
        #expect(mailbox.post(7))
        #expect(mailbox.take() == [7])
    }
}
