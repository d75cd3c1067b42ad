import Logging
import Protocol
import TestSupport
import Testing

@testable import Workers

/// A model worker's executor without sockets, on the tiny trial.
struct ExecutorFixture {
    let folder = TemporaryFolder()
    let plan: TrialPlan
    let executor: ModelExecutor
    let queue: TelemetryQueue

    init(worker: Int = 0, resumeStep: Int = 0, rows: [String] = TinyTrial.rows) throws {
        let train = folder.file("train.jsonl", lines: rows)
        let heldOut = folder.file("held.jsonl", lines: Array(TinyTrial.rows.prefix(3)))
        plan = TinyTrial.plan(train: train, heldOut: heldOut)
        let queue = try TelemetryQueue(), clock = RunClock.startingNow()
        let logger = Logger(
            label: "test", factory: { _ in WorkerLogHandler(queue: queue, clock: clock, write: { _ in }) })
        self.queue = queue
        executor = try ModelExecutor(
            plan: plan, worker: worker, resumeStep: resumeStep, dataManager: nil,
            spans: SpanRecorder(queue: queue, clock: clock), logger: logger, progress: WorkerProgress(), clock: clock)
    }

    func request(
        _ handle: RequestHandle, handler: String = "", mfc: String = "", ids: [String] = [], step: UInt64 = 1,
        setup: UInt64 = 0
    ) -> WireRequest {
        WireRequest.make {
            $0.id = "r-\(handle.rawValue)"
            $0.handleName = handle.rawValue
            $0.handler = handler
            $0.mfc = mfc
            $0.ids = ids
            $0.step = step
            $0.setup = setup
        }
    }

    /// The reply to a request that needs no flush.
    func answer(_ request: WireRequest) throws -> WireReply { try #require(executor.answer(request)) }

    /// The replies to requests that are flushed together, in the order they were sent.
    func run(_ requests: [WireRequest]) -> [WireReply] {
        var queue = RequestQueue(), replies: [WireReply] = []
        for request in requests { _ = queue.receive(request) }
        let flush = WireRequest.make { $0.handleName = RequestHandle.flush.rawValue }
        for case .run(let batch) in queue.receive(flush) { executor.run(batch) { replies.append($0) } }
        return replies
    }

    /// Opens the first setup: the dataset is read and the actor has its weights.
    func open() throws {
        #expect(try answer(request(.spec, handler: "__data0__")).error == "")
        #expect(
            run([request(.initialize, handler: "\(ModelShardID(ModelName(.actor)))", step: 0)]).map(\.error) == [""])
    }

    /// Ids of the next items of the dataset.
    func fetch() throws -> [String] { try answer(request(.fetch, handler: "__data0__")).sample.ids }

    var spans: [WireSpanRecord] {
        queue.drain().compactMap { if case .span(let span) = $0, span.endNs > 0 { span } else { nil } }
    }
}
