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

    func send(_ handle: RequestHandle, id: String = "1", _ body: (inout WireRequest) -> Void = { _ in }) throws {
        let request = WireRequest.make {
            $0.id = id
            $0.handleName = handle.rawValue
            body(&$0)
        }
        try send([WireCodec.encode(request)])
    }

    func receive() throws -> WireReply {
        _ = try Poller.wait([replies.pollItem], timeout: .seconds(60))
        return try WireCodec.decode(WireReply.self, from: try #require(try replies.receive())[0])
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
        let thread = try WorkerThread {
            do { try Self.run(plan, context, runtime, orders) } catch { Issue.record("\(describe(error))") }
        }
        defer { thread.join() }
        let hello = try master.receive()
        #expect((hello.handleName, hello.requestID, hello.worker) == ("ack", "barrier", 0))
        try script(master)
        try master.send(.reset)
    }

    private static func run(
        _ plan: TrialPlan, _ context: ZeroMQContext, _ runtime: RuntimeFolder, _ early: [WorkerOrder]
    ) throws {
        let orders = try WorkerMailbox<WorkerOrder>()
        for order in early { orders.post(order) }
        let queue = try TelemetryQueue(), clock = RunClock.startingNow(), progress = WorkerProgress()
        let logger = Logger(
            label: "test", factory: { _ in WorkerLogHandler(queue: queue, clock: clock, write: { _ in }) })
        let executor = try ModelExecutor(
            plan: plan, worker: 0, resumeStep: 0, dataManager: nil, spans: SpanRecorder(queue: queue, clock: clock),
            logger: logger, progress: progress, clock: clock)
        let outcome = try ModelWorker(
            worker: 0, executor: executor, context: context, runtime: runtime, orders: orders,
            progress: progress, logger: logger
        ).run()
        #expect(outcome == (early.contains(.exit) ? .stopped : .completed))
    }

    @Test func `an immediate request is answered without a flush`() throws {
        try serve { master in
            try master.send(.spec, id: "7")
            let reply = try master.receive()
            #expect((reply.requestID, reply.handleName, reply.dataset.size) == ("7", "spec", 8))
        }
    }

    @Test func `held requests are answered after the flush, in order`() throws {
        try serve { master in
            try master.send(.empty, id: "a")
            try master.send(.empty, id: "b")
            try master.send(.spec, id: "c")
            #expect(try master.receive().requestID == "c")
            try master.send(.flush)
            #expect(try master.receive().requestID == "a")
            #expect(try master.receive().requestID == "b")
        }
    }

    @Test func `a request that needs confirmation is confirmed, and runs after ack and flush`() throws {
        try serve { master in
            try master.send(.empty, id: "a") {
                $0.needsSyn = true
                $0.synReplyID = "syn-1"
                $0.ackReplyID = "ack-1"
            }
            let confirmation = try master.receive()
            #expect((confirmation.handleName, confirmation.requestID) == ("syn", "syn-1"))
            try master.send(.ack, id: "ack-1")
            try master.send(.flush)
            #expect(try master.receive().requestID == "a")
        }
    }

    /// Its master still has to save through it.
    @Test func `a worker told to leave serves until its master lets it go, and was stopped`() throws {
        try serve(orders: [.exit]) { master in
            for id in ["a", "b"] {
                try master.send(.spec, id: id)
                #expect(try master.receive().requestID == id)
            }
        }
    }

    @Test func `pausing a model worker is its master's business`() throws {
        try serve(orders: [.pause, .saveNow, .evaluateNow, .resume]) { master in
            try master.send(.spec, id: "a")
            #expect(try master.receive().requestID == "a")
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
            #expect(try master.receive().requestID == "after")
        }
    }

    @Test func `an unknown request is answered with an error`() throws {
        try serve { master in
            try master.send([
                WireCodec.encode(
                    WireRequest.make {
                        $0.id = "x"; $0.handleName = "dance"
                    })
            ])
            let reply = try master.receive()
            #expect((reply.requestID, reply.error) == ("x", "unknown request 'dance'."))
        }
    }
}
