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
    let progress = WorkerProgress()

    init(
        worker: Int = 0, resumeStep: Int = 0, rows: [String] = TinyTrial.rows, badRow: DatasetPlan.BadRow = .skip
    ) throws {
        let train = folder.file("train.jsonl", lines: rows)
        let heldOut = folder.file("held.jsonl", lines: Array(TinyTrial.rows.prefix(3)))
        var plan = TinyTrial.plan(train: train, heldOut: heldOut)
        plan.setups[0].dataset.badRow = badRow
        self.plan = plan
        let queue = try TelemetryQueue(), clock = RunClock.startingNow()
        let logger = Logger(
            label: "test", factory: { _ in WorkerLogHandler(queue: queue, clock: clock, write: { _ in }) })
        self.queue = queue
        executor = try ModelExecutor(
            plan: plan, worker: worker, resumeStep: resumeStep, dataManager: nil,
            spans: SpanRecorder(queue: queue, clock: clock), logger: logger, progress: progress, clock: clock)
    }

    func request(_ body: Request.Body, id: String? = nil, step: UInt64 = 1, setup: Int = 0) -> Request {
        let plain = Request(id: RequestID(""), setup: setup, step: step, body)
        return Request(id: RequestID(id ?? "r-\(plain.handle)"), setup: setup, step: step, body)
    }

    /// A request to run a call of the plan.
    func call(
        _ type: InterfaceType = .trainStep, _ mfc: MFCName = "sft_train", ids: [String] = [], step: UInt64 = 1,
        setup: Int = 0, id: String? = nil, preHooks: [any RequestHook] = [], postHooks: [any RequestHook] = []
    ) -> Request {
        let wanted = CallRequest(mfc: mfc, type: type, ids: ids, preHooks: preHooks, postHooks: postHooks)
        return request(.call(wanted), id: id, step: step, setup: setup)
    }

    func initialize(_ weights: Initialization.Weights = .random) -> Request {
        request(.initialize(ModelName(.actor), Initialization(weights: weights)), step: 0)
    }

    func save(_ role: ModelRole = .actor, step: UInt64) -> Request {
        request(.save(SaveHook(role: role, folder: folder.file("checkpoints/\(role)"), step: step)), step: step)
    }

    /// The reply to a request that needs no flush.
    func answer(_ request: Request) throws -> Reply { try #require(executor.answer(request)) }

    /// The replies to requests that are flushed together, in the order they were sent.
    func run(_ requests: [Request]) -> [Reply] {
        var queue = RequestQueue(), replies: [Reply] = []
        for request in requests { _ = queue.receive(request) }
        for case .run(let batch) in queue.receive(request(.flush)) { executor.run(batch) { replies.append($0) } }
        return replies
    }

    /// Opens the first setup: the dataset is read and the actor has its weights.
    func open() throws {
        #expect(try answer(request(.spec)).failure == nil)
        #expect(run([initialize()]).map(\.body) == [.initialized(0)])
    }

    /// Ids of the next items of the dataset.
    func fetch() throws -> [String] { try items().sample.ids }

    /// The next items of the dataset.
    func items() throws -> FetchedItems {
        guard case .items(let items) = try answer(request(.fetch)).body else { throw WorkerError(.message, "no items") }
        return items
    }

    /// What a train step of `ids` has to say.
    func train(_ ids: [String], step: UInt64 = 1) throws -> CallOutcome {
        guard case .called(let outcome) = run([call(ids: ids, step: step)])[0].body else {
            throw WorkerError(.message, "no outcome")
        }
        return outcome
    }

    var spans: [WireSpanRecord] {
        queue.drain().compactMap { if case .span(let span) = $0, span.endNs > 0 { span } else { nil } }
    }
}
