import Protocol
import Testing

@testable import Workers

/// Plays the model workers of a `MasterCore`: holds, flushes and answers requests the way workers do, without computing.
///
/// It knows which worker holds which key of which item, so that a request which asks for data that is not there is
/// found out (`faults`).
struct FakeWorkers {
    /// One execution of a model function call.
    struct Run: Equatable {
        let step: UInt64
        let mfc: MFCName
        let ids: [SequenceID]
    }

    /// What a worker would answer next.
    struct Due {
        let worker: Int
        let request: Request
    }

    var core: MasterCore
    /// Changes every reply before the master gets it.
    var alter: (Request, inout Reply) -> Void = { _, _ in }
    private(set) var sent: [(worker: Int, request: Request)] = []
    private(set) var metrics: [UInt64] = []
    private(set) var states: [WorkerState] = []
    private(set) var saved: [WireCheckpointRecord] = []
    private(set) var buffers: [WireBufferRecord] = []
    private(set) var outcome: MasterOutcome?
    private(set) var runs: [Run] = []
    private(set) var faults: [String] = []
    private(set) var due: [Due] = []
    private var held: [[Request]]
    private var storage: [[SequenceID: Set<SequenceKey>]]
    private var nextItem = 0
    private var time: Int64 = 0
    private var version: WeightVersion = 0

    init(_ plan: TrialPlan, resumeStep: Int = 0) throws {
        core = try MasterCore(MasterSettings(plan: plan, attempt: 1, checkpoints: "/c", resumeStep: resumeStep))
        held = plan.modelWorkers.map { _ in [] }
        storage = plan.modelWorkers.map { _ in [:] }
    }

    var handles: [String] { sent.map(\.request.handle.rawValue) }
    /// The steps whose weights were evaluated.
    var evaluations: [UInt64] { sent.filter { $0.request.handle == .evaluate }.map(\.request.step) }
    /// Items that some worker still holds.
    var leftovers: Set<SequenceID> { Set(storage.flatMap(\.keys)) }

    mutating func join() throws { for worker in storage.indices { try feed(.joined(worker: worker)) } }

    mutating func feed(_ event: MasterEvent) throws {
        time += 1_000_000
        for action in try core.handle(event, now: time) {
            switch action {
            case .send(let worker, let request): take(request, at: worker)
            // What a setup says of its rows as it opens belongs to no step.
            case .metrics(_, let values) where values.first?.name.hasPrefix("data/") == true: break
            case .metrics(let step, _): metrics.append(step)
            case .state(let state, _): states.append(state)
            case .checkpoint(let record): saved.append(record)
            case .buffer(let record): buffers.append(record)
            case .finish(let result): outcome = result
            case .log, .working: break
            }
        }
    }

    /// Answers what is due, first come first served, until nothing is or until `stop` says so.
    mutating func answerAll(until stop: (FakeWorkers) -> Bool = { _ in false }) throws {
        while !due.isEmpty, !stop(self) { try answer(0) }
    }

    /// Answers what is due in any order.
    mutating func answerAll(using generator: inout some RandomNumberGenerator) throws {
        while !due.isEmpty { try answer(Int.random(in: due.indices, using: &generator)) }
    }

    /// Answers one of what is due.
    mutating func answer(_ index: Int) throws {
        let item = due.remove(at: index)
        var reply = try reply(to: item.request, from: item.worker)
        alter(item.request, &reply)
        try feed(.reply(reply))
    }
}

// MARK: - The workers' side

extension FakeWorkers {
    private mutating func take(_ request: Request, at worker: Int) {
        sent.append((worker, request))
        if (try? Request(request.wire)) != request {
            faults.append("\(request.handle) does not come back from the wire")
        }
        switch request.body {
        case .clear(let ids): for id in ids { storage[worker][id] = nil }
        case .flush: flush(worker)
        case .reset: break
        case .spec, .fetch, .describe: due.append(Due(worker: worker, request: request))
        case .initialize, .call, .side, .save: held[worker].append(request)
        }
    }

    private mutating func flush(_ worker: Int) {
        if held[worker].isEmpty { faults.append("model_worker/\(worker) is flushed with nothing held") }
        for request in held[worker] {
            for case let hook as DataTransferHook in request.preHooks { receive(hook.transfer, at: worker) }
        }
        for request in held[worker] {
            check(request, at: worker)
            due.append(Due(worker: worker, request: request))
        }
        held[worker] = []
    }

    private mutating func receive(_ transfer: DataTransfer, at worker: Int) {
        for step in transfer.plan.steps where step.to == worker {
            for id in step.ids {
                if storage[step.from][id]?.isSuperset(of: step.keys) != true {
                    faults.append("\(step.from) cannot send \(step.keys) of \(id)")
                }
                if storage[worker][id]?.isSuperset(of: step.keys) == true {
                    faults.append("\(step.keys) of \(id) came to \(worker) twice")
                }
                storage[worker][id, default: []].formUnion(step.keys)
            }
        }
    }

    private mutating func check(_ request: Request, at worker: Int) {
        guard case .call(let wanted) = request.body, let call = graph?[wanted.mfc] else { return }
        runs.append(Run(step: request.step, mfc: call.name, ids: wanted.ids))
        for id in wanted.ids {
            let missing = Set(call.inputKeys).subtracting(storage[worker][id] ?? [])
            if !missing.isEmpty { faults.append("'\(call.name)' runs on \(id) without \(missing.sorted())") }
        }
        if states.last != .running { faults.append("'\(call.name)' runs while \(states) is shown") }
    }

    /// The graph of the setup that the last request belongs to.
    private var graph: DataflowGraph? {
        guard let index = sent.last?.request.setup else { return nil }
        return try? DataflowGraph(core.plan.setups[index].calls)
    }

    private mutating func reply(to request: Request, from worker: Int) throws -> Reply {
        var reply = Reply(to: request.id, from: worker)
        switch request.body {
        case .spec: reply.body = .dataset(DatasetFacts(rows: 8, skipped: 0))
        case .fetch:
            let graph = try #require(graph), count = DatasetFetch.batches * graph.largestBatch
            let ids = (nextItem..<nextItem + count).map { "i\($0)" }
            nextItem += count
            let sample = try produce(graph.datasetKeys, of: ids, at: worker)
            reply.body = .items(FetchedItems(sample, births: ids.indices.map { Int64(nextItem + $0) }))
        case .describe: reply.body = .model(nil)
        case .initialize: reply.body = .initialized(version)
        case .call(let wanted) where wanted.type == .evaluate:
            reply.body = .evaluated([Metric("eval/accuracy", 0)])
        case .call(let wanted):
            let call = try #require(graph?[wanted.mfc])
            if wanted.type == .trainStep { version = version.next }
            let outputs = Set(call.outputKeys)
            let sample = outputs.isEmpty ? nil : try produce(outputs, of: wanted.ids, at: worker)
            reply.body = .called(CallOutcome(outputs: sample, weightVersion: version))
        default: break
        }
        for case let hook as SaveHook in request.postHooks {
            reply.saved.append(
                SavedCheckpoint(role: hook.role, step: hook.step, path: "\(hook.folder)/step-\(hook.step)", bytes: 1))
        }
        return reply
    }

    private mutating func produce(
        _ keys: Set<SequenceKey>, of ids: [SequenceID], at worker: Int
    ) throws -> SequenceSample {
        for id in ids { storage[worker][id, default: []].formUnion(keys) }
        let column = SequenceSample.Column(lengths: ids.map { _ in [3] }, elementType: .int32)
        return try SequenceSample(ids: ids, columns: Dictionary(uniqueKeysWithValues: keys.map { ($0, column) }))
    }
}
