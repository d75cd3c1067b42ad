import Logging
import Protocol
import TestSupport
import Testing

@testable import Workers

/// The master's side of one model worker, by hand.
private struct HandMaster: ~Copyable {
    private let requests: ZeroMQSocket
    private let replies: ZeroMQSocket

    static func open(_ context: ZeroMQContext, _ runtime: RuntimeFolder) throws -> HandMaster {
        let requests = try ZeroMQSocket.open(context, .push), replies = try ZeroMQSocket.open(context, .pull)
        try requests.bind(runtime.masterSend(to: 0))
        try replies.bind(runtime.masterReceive())
        return HandMaster(requests: requests, replies: replies)
    }

    private init(requests: consuming ZeroMQSocket, replies: consuming ZeroMQSocket) {
        self.requests = requests
        self.replies = replies
    }

    func send(_ frames: [[UInt8]]) throws {
        while case .full = try requests.send(frames) { _ = try Poller.wait([], timeout: .milliseconds(2)) }
    }

    func send(_ body: Request.Body, id: String = "1") throws {
        try send([WireCodec.encode(Request(id: RequestID(id), setup: 0, step: 1, body).wire)])
    }

    func hear() throws -> WorkerMessage {
        _ = try Poller.wait([replies.pollItem], timeout: .seconds(120))
        return try WorkerMessage(WireCodec.decode(WireReply.self, from: try #require(try replies.receive())[0]))
    }

    func receive() throws -> Reply {
        guard case .reply(let reply) = try hear() else { throw WorkerError(.message, "no reply") }
        return reply
    }
}

@Suite struct ModelWorkerTests {
    /// Runs a worker on a thread of its own against `script`, which must end with a reset.
    private func serve(
        orders: [WorkerOrder] = [], _ script: (borrowing HandMaster) throws -> Void
    ) throws {
        let folder = TemporaryFolder(), context = ZeroMQContext()
        let runtime = RuntimeFolder(path: folder.path)
        let train = folder.file("train.jsonl", lines: TinyTrial.rows)
        let plan = TinyTrial.plan(train: train, heldOut: train)
        let master = try HandMaster.open(context, runtime)
        let thread = try OwnThread(name: "test") {
            do { try Self.run(plan, context, runtime, orders) } catch { Issue.record("\(describe(error))") }
        }
        defer { thread.join() }
        #expect(try master.hear() == .joined(worker: 0))
        try script(master)
        try master.send(.reset)
    }

    private static func run(
        _ plan: TrialPlan, _ context: ZeroMQContext, _ runtime: RuntimeFolder, _ early: [WorkerOrder]
    ) throws {
        let orders = try WorkerMailbox<WorkerCommand>()
        for order in early { orders.post(.order(order)) }
        let outcome = try make(plan, context, runtime, orders).worker.run()
        #expect(outcome == (early.contains(.exit) ? .stopped : .completed))
    }

    private static func make(
        _ plan: TrialPlan, _ context: ZeroMQContext, _ runtime: RuntimeFolder, _ orders: WorkerMailbox<WorkerCommand>
    ) throws -> (worker: ModelWorker, executor: ModelExecutor) {
        let queue = try TelemetryQueue(), clock = RunClock.startingNow(), progress = WorkerProgress()
        let logger = Logger(
            label: "test", factory: { _ in WorkerLogHandler(queue: queue, clock: clock, write: { _ in }) })
        let executor = try ModelExecutor(
            plan: plan, worker: 0, resumeStep: 0, dataManager: nil, spans: SpanRecorder(queue: queue, clock: clock),
            logger: logger, progress: progress, clock: clock)
        let worker = try ModelWorker(
            worker: 0, executor: executor, context: context, runtime: runtime, orders: orders,
            progress: progress, logger: logger)
        return (worker, executor)
    }

    @Test func `a hook that waits hears that the worker is to leave, and the loop knows it from then on`() throws {
        let folder = TemporaryFolder(), context = ZeroMQContext()
        let runtime = RuntimeFolder(path: folder.path), orders = try WorkerMailbox<WorkerCommand>()
        let train = folder.file("train.jsonl", lines: TinyTrial.rows)
        let master = try HandMaster.open(context, runtime)
        let made = try Self.make(TinyTrial.plan(train: train, heldOut: train), context, runtime, orders)
        #expect(!made.executor.isToldToLeave())
        orders.post(.order(.exit))
        #expect(made.executor.isToldToLeave())
        try master.send(.reset)
        #expect(try made.worker.run() == .stopped)
    }

    @Test func `an immediate request is answered without a flush`() throws {
        try serve { master in
            try master.send(.spec, id: "7")
            let reply = try master.receive()
            #expect(reply == Reply(to: RequestID("7"), from: 0, .dataset(DatasetFacts(rows: 8, skipped: 0))))
        }
    }

    @Test func `held requests are answered after the flush, in order`() throws {
        try serve { master in
            try master.send(.side("sft_train", preHooks: []), id: "a")
            try master.send(.side("sft_train", preHooks: []), id: "b")
            try master.send(.spec, id: "c")
            #expect(try master.receive().request == RequestID("c"))
            try master.send(.flush)
            #expect(try master.receive().request == RequestID("a"))
            #expect(try master.receive().request == RequestID("b"))
        }
    }

    /// Its master still has to save through it.
    @Test func `a worker told to leave serves until its master lets it go, and was stopped`() throws {
        try serve(orders: [.exit]) { master in
            for id in ["a", "b"] {
                try master.send(.spec, id: id)
                #expect(try master.receive().request == RequestID(id))
            }
        }
    }

    @Test func `pausing a model worker is its master's business`() throws {
        try serve(orders: [.pause, .saveNow, .evaluateNow, .resume]) { master in
            try master.send(.spec, id: "a")
            #expect(try master.receive().request == RequestID("a"))
        }
    }

    @Test func `garbage and messages of another version do not end the worker`() throws {
        try serve { master in
            try master.send([[0xff, 0x17, 0x00]])
            try master.send([[]])
            var old = WireRequest()
            old.version = 99
            try master.send([WireCodec.encode(old)])
            try master.send(.spec, id: "after")
            #expect(try master.receive().request == RequestID("after"))
        }
    }

    @Test(arguments: [
        ("dance", "", "unknown request 'dance'."), ("save", "svae", "unknown hook 'svae'. Did you mean 'save'?"),
    ])
    func `an unknown request or hook is answered with an error`(handle: String, hook: String, reason: String) throws {
        try serve { master in
            let request = WireRequest.make {
                $0.id = "x"
                $0.handleName = handle
                if !hook.isEmpty { $0.postHooks = [filled(WireHookRequest()) { $0.kind = hook }] }
            }
            try master.send([WireCodec.encode(request)])
            #expect(try master.receive() == Reply(to: RequestID("x"), from: 0, .failed(reason)))
        }
    }
}
