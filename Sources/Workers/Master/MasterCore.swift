import Protocol

/// The master worker's decisions: it goes through the setups of a plan, step by step, driven by events. Pure.
///
/// Phases: all workers join; then for each setup spec, model_config, initialize and perhaps an evaluation; then its
/// steps; between two steps the user's wishes. An error thrown here fails the trial.
package struct MasterCore: Sendable {
    /// What a reply is for.
    enum Purpose: Sendable, Equatable {
        case spec
        case modelConfig(ModelName)
        case initialize(ModelName)
        case fetch
        case call(MFCName)
        /// A worker that only sends data for a call.
        case side(MFCName)
        case evaluation
        case save
        case syn
    }

    enum Phase: Sendable, Equatable {
        case joining
        case opening
        case stepping
        /// A save or evaluation that the user asked for, or that no train step carries.
        case between
        case paused
        case finished
    }

    /// What the step that runs now has gathered.
    struct StepRun: Sendable {
        let number: Int
        let flags: StepFlags
        let start: Int64
        var executor: FunctionExecutor
        var metrics: [Metric] = []
        var tokens = 0
        var freed: [SequenceID] = []
    }

    /// Requests that wait for every worker to confirm before they and their flush go on.
    struct HeldRound: Sendable {
        var unconfirmed: Set<String>
        let then: [MasterAction]
    }

    let settings: MasterSettings
    var phase = Phase.joining
    var ledger: RequestLedger<Purpose>
    var heldRounds: [HeldRound] = []
    var joined: Set<Int> = []
    /// The last step that is done, trial-wide.
    var done: Int
    var setupIndex = -1
    var graph: DataflowGraph
    var schedule: StepSchedule
    var buffer: SequenceBuffer
    var tracker = StorageTracker()
    var run: StepRun?
    var transfers: UInt64 = 0
    var weightVersion: UInt64 = 0
    var lastSaved: Int
    var lastEvaluated = -1
    /// When a step was last summed up in the log.
    var lastSummary = Int64.min
    var wishes = Wishes()
    /// `paused` has been reported, and `running` not since.
    var isShownPaused = false

    /// What is to happen between two steps.
    struct Wishes: Sendable {
        var save = false
        var evaluate = false
        var pause = false
        var stop = false
    }

    /// - Throws: where the plan has no setup to run or a graph that is none.
    package init(_ settings: MasterSettings) throws {
        guard let first = settings.plan.setups.first, !settings.plan.modelWorkers.isEmpty else {
            throw WorkerError(.plan, "the plan of '\(settings.plan.id)' has no setup or no model worker")
        }
        self.settings = settings
        ledger = RequestLedger(attempt: settings.attempt)
        done = settings.resumeStep
        lastSaved = settings.resumeStep
        graph = try DataflowGraph(first.calls)
        schedule = StepSchedule(first, before: 0, done: 0)
        buffer = SequenceBuffer(graph: graph, capacity: 0)
    }

    var plan: TrialPlan { settings.plan }
    var setup: SetupPlan { plan.setups[setupIndex] }

    /// What to do about `event`; `now` is nanoseconds of the run's clock.
    package mutating func handle(_ event: MasterEvent, now: Int64) throws -> [MasterAction] {
        guard phase != .finished else { return [] }
        switch event {
        case .joined(let worker): return try join(worker, now: now)
        case .reply(let reply): return try receive(reply, now: now)
        case .command(let command): return try obey(command, now: now)
        }
    }

    private mutating func join(_ worker: Int, now: Int64) throws -> [MasterAction] {
        guard plan.modelWorkers.indices.contains(worker), phase == .joining else { return [] }
        joined.insert(worker)
        guard joined.count == plan.modelWorkers.count else { return [] }
        return [.log(.info, "all \(joined.count) model workers have joined")] + (try openNextSetup(now: now))
    }

    private mutating func receive(_ reply: WireReply, now: Int64) throws -> [MasterAction] {
        guard let pending = ledger.resolve(reply) else { return [] }
        if !reply.error.isEmpty { throw failure(of: reply, pending) }
        switch pending.purpose {
        case .syn: return try confirmed(reply.requestID)
        case .spec, .modelConfig, .initialize: return try opened(pending, reply, now: now)
        case .fetch: return try fetched(pending.worker, reply, now: now)
        case .call(let name): return try ended(name, pending.worker, reply, now: now)
        case .side: return try continueStep(now: now)
        case .evaluation, .save: return try betweenEnded(pending, reply, now: now)
        }
    }

    private func failure(of reply: WireReply, _ pending: RequestLedger<Purpose>.Pending) -> WorkerError {
        let lines = reply.error.split(separator: "\n", omittingEmptySubsequences: false)
        let place: String
        switch pending.purpose {
        case .call(let name), .side(let name): place = "'\(name)' of step \(run?.number ?? done)"
        default: place = reply.handleName
        }
        return WorkerError(
            .request, "\(WorkerID(.model, pending.worker)) failed in \(place): \(lines.first ?? "")",
            detail: lines.dropFirst().joined(separator: "\n"))
    }
}

// MARK: - Sending

extension MasterCore {
    /// One request to be sent.
    struct Outgoing {
        let worker: Int
        let purpose: Purpose
        var request: WireRequest
    }

    /// A request of `handle`, without its id.
    func request(_ handle: RequestHandle, to worker: Int, handler: String, step: Int, now: Int64) -> WireRequest {
        WireRequest.make {
            $0.handleName = handle.rawValue
            $0.handler = handler
            $0.sendTimeNs = now
            $0.step = UInt64(step)
            $0.setup = UInt64(max(0, setupIndex))
        }
    }

    /// Sends requests; those that are held at their workers are flushed, all of them together.
    mutating func issue(_ outgoing: [Outgoing], now: Int64) -> [MasterAction] {
        var actions: [MasterAction] = [], then: [MasterAction] = [], unconfirmed: Set<String> = []
        var flushed: Set<Int> = []
        for item in outgoing {
            var request = item.request
            request.id = ledger.nextID()
            _ = ledger.expect(request.id, from: item.worker, for: item.purpose)
            let isHeld = RequestHandle(rawValue: request.handleName)?.isImmediate == false
            if isHeld { flushed.insert(item.worker) }
            if isHeld, settings.handshake == .synAck {
                request.needsSyn = true
                request.synReplyID = ledger.nextID()
                request.ackReplyID = ledger.nextID()
                _ = ledger.expect(request.synReplyID, from: item.worker, for: .syn)
                unconfirmed.insert(request.synReplyID)
                var ack = self.request(
                    .ack, to: item.worker, handler: request.handler, step: Int(request.step), now: now)
                ack.id = request.ackReplyID
                then.append(.send(worker: item.worker, ack))
            }
            actions.append(.send(worker: item.worker, request))
        }
        for worker in flushed.sorted() {
            then.append(.send(worker: worker, request(.flush, to: worker, handler: "", step: done, now: now)))
        }
        if unconfirmed.isEmpty { return actions + then }
        heldRounds.append(HeldRound(unconfirmed: unconfirmed, then: then))
        return actions
    }

    private mutating func confirmed(_ synReplyID: String) throws -> [MasterAction] {
        guard let index = heldRounds.firstIndex(where: { $0.unconfirmed.contains(synReplyID) }) else { return [] }
        heldRounds[index].unconfirmed.remove(synReplyID)
        // In the order they were issued: a later round may count on data that an earlier one brings to its worker.
        var released: [MasterAction] = []
        while let first = heldRounds.first, first.unconfirmed.isEmpty { released += heldRounds.removeFirst().then }
        return released
    }

    /// The worker and shard of a model in this setup.
    func place(of model: ModelName) throws -> ModelPlan {
        guard let found = setup.models.first(where: { $0.name == model }) else {
            throw WorkerError(.plan, "setup '\(setup.name)' has no model '\(model)'")
        }
        return found
    }

    /// The data lies where the first call of the graph reads it.
    func dataWorker() throws -> Int {
        guard let source = graph.sources.first else { throw WorkerError(.plan, "the dataflow graph has no source") }
        return try place(of: source.model).worker
    }
}
