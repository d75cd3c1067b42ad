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
        let request: WireRequest
        var isConfirmation = false
    }

    var core: MasterCore
    /// Changes every reply before the master gets it.
    var alter: (WireRequest, inout WireReply) -> Void = { _, _ in }
    private(set) var sent: [(worker: Int, request: WireRequest)] = []
    private(set) var metrics: [UInt64] = []
    private(set) var states: [WorkerState] = []
    private(set) var saved: [WireCheckpointRecord] = []
    private(set) var buffers: [WireBufferRecord] = []
    private(set) var outcome: MasterOutcome?
    private(set) var runs: [Run] = []
    private(set) var faults: [String] = []
    private(set) var due: [Due] = []
    private var held: [[WireRequest]]
    private var unconfirmed: [String: WireRequest] = [:]
    private var storage: [[SequenceID: Set<String>]]
    private var nextItem = 0
    private var time: Int64 = 0
    private var version: UInt64 = 0

    init(_ plan: TrialPlan, resumeStep: Int = 0, handshake: Handshake = .none) throws {
        core = try MasterCore(
            MasterSettings(
                plan: plan, attempt: 1, checkpoints: "/c", resumeStep: resumeStep, handshake: handshake))
        held = plan.modelWorkers.map { _ in [] }
        storage = plan.modelWorkers.map { _ in [:] }
    }

    var handles: [String] { sent.map(\.request.handleName) }
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
        if item.isConfirmation {
            let id = item.request.synReplyID
            return try feed(
                .reply(
                    WireReply.make {
                        $0.requestID = id
                        $0.handleName = "syn"
                    }))
        }
        var reply = try reply(to: item.request, from: item.worker)
        alter(item.request, &reply)
        try feed(.reply(reply))
    }
}

// MARK: - The workers' side

extension FakeWorkers {
    private mutating func take(_ request: WireRequest, at worker: Int) {
        sent.append((worker, request))
        guard let handle = RequestHandle(rawValue: request.handleName) else {
            faults.append("unknown request '\(request.handleName)'")
            return
        }
        switch handle {
        case .clearDataCache: for id in request.ids { storage[worker][id] = nil }
        case .ack: if let known = unconfirmed.removeValue(forKey: request.id) { held[worker].append(known) }
        case .flush: flush(worker)
        case .reset: break
        case _ where handle.isImmediate: due.append(Due(worker: worker, request: request))
        case _ where request.needsSyn:
            unconfirmed[request.ackReplyID] = request
            due.append(Due(worker: worker, request: request, isConfirmation: true))
        default: held[worker].append(request)
        }
    }

    private mutating func flush(_ worker: Int) {
        if held[worker].isEmpty { faults.append("model_worker/\(worker) is flushed with nothing held") }
        for request in held[worker] { for hook in request.preHooks { receive(hook.transfer, at: worker) } }
        for request in held[worker] {
            check(request, at: worker)
            due.append(Due(worker: worker, request: request))
        }
        held[worker] = []
    }

    private mutating func receive(_ hook: WireTransferHook, at worker: Int) {
        for step in hook.steps where Int(step.toWorker) == worker {
            for id in step.ids {
                if storage[Int(step.fromWorker)][id]?.isSuperset(of: step.keys) != true {
                    faults.append("\(step.fromWorker) cannot send \(step.keys) of \(id)")
                }
                if storage[worker][id]?.isSuperset(of: step.keys) == true {
                    faults.append("\(step.keys) of \(id) came to \(worker) twice")
                }
                storage[worker][id, default: []].formUnion(step.keys)
            }
        }
    }

    private mutating func check(_ request: WireRequest, at worker: Int) {
        guard request.handleName != "empty", let call = core.graph[request.mfc] else { return }
        runs.append(Run(step: request.step, mfc: request.mfc, ids: request.ids))
        for id in request.ids {
            let missing = Set(call.inputKeys.map(\.description)).subtracting(storage[worker][id] ?? [])
            if !missing.isEmpty { faults.append("'\(request.mfc)' runs on \(id) without \(missing.sorted())") }
        }
        if states.last != .running { faults.append("'\(request.mfc)' runs while \(states) is shown") }
    }

    private mutating func reply(to request: WireRequest, from worker: Int) throws -> WireReply {
        var reply = ModelExecutor.emptyReply(to: request, from: worker)
        switch RequestHandle(rawValue: request.handleName) {
        case .spec: reply.dataset.size = 8
        case .fetch:
            let count = DatasetFetch.batches * core.graph.largestBatch
            let ids = (nextItem..<nextItem + count).map { "i\($0)" }
            nextItem += count
            reply.sample = try produce(core.graph.datasetKeys, of: ids, at: worker)
            reply.birthTimes = ids.indices.map { Int64(nextItem + $0) }
        case .generate, .inference:
            let call = try #require(core.graph[request.mfc])
            reply.sample = try produce(Set(call.outputKeys), of: request.ids, at: worker)
            reply.weightVersion = version
        case .trainStep:
            version = request.step
            reply.weightVersion = version
        default: break
        }
        for hook in request.postHooks where hook.kind == "save" {
            reply.saved.append(
                filled(WireSavedCheckpoint()) {
                    $0.role = hook.save.role
                    $0.step = hook.save.step
                })
        }
        for hook in request.postHooks where hook.kind == "evaluate" {
            reply.statistics.append(filled(WireStatistic()) { $0.name = "eval/accuracy" })
        }
        return reply
    }

    private mutating func produce(
        _ keys: Set<SequenceKey>, of ids: [SequenceID], at worker: Int
    ) throws -> WireSampleMetadata {
        for id in ids { storage[worker][id, default: []].formUnion(keys.map(\.description)) }
        let column = SequenceSample.Column(lengths: ids.map { _ in [3] }, elementType: .int32)
        return WireSampleMetadata(
            try SequenceSample(ids: ids, columns: Dictionary(uniqueKeysWithValues: keys.map { ($0, column) })))
    }
}
