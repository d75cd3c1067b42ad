import Protocol

/// The master worker's decisions: it goes through the setups of a plan, step by step, driven by events. Pure.
///
/// All workers join; then for each setup spec, model_config, initialize and perhaps an evaluation; then its steps;
/// between two steps the user's wishes. An error thrown here fails the trial.
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
        case evaluation(MFCName)
        case save
    }

    enum State: Sendable {
        /// Workers that are there.
        case joining(Set<Int>)
        case opening(OpenSetup)
        case stepping(OpenSetup, StepRun)
        /// A save or evaluation that the user asked for, or that no train step carries.
        case between(OpenSetup)
        case paused(OpenSetup)
        case finished

        var setup: OpenSetup? {
            switch self {
            case .opening(let setup), .stepping(let setup, _), .between(let setup), .paused(let setup): setup
            case .joining, .finished: nil
            }
        }
    }

    let settings: MasterSettings
    var state = State.joining([])
    var ledger: RequestLedger<Purpose>
    /// The last step that is done, trial-wide.
    var done: Int
    /// The weights that each role has now.
    var versions: [ModelRole: WeightVersion] = [:]
    var transfers: UInt64 = 0
    var lastSaved: Int
    var lastEvaluated: Int?
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

    /// - Throws: where the plan has no setup to run.
    package init(_ settings: MasterSettings) throws {
        guard !settings.plan.setups.isEmpty, !settings.plan.calledWorkers.isEmpty else {
            throw WorkerError(.plan, "the plan of '\(settings.plan.id)' has no setup or no model worker")
        }
        self.settings = settings
        ledger = RequestLedger(attempt: settings.attempt)
        done = settings.resumeStep
        lastSaved = settings.resumeStep
    }

    var plan: TrialPlan { settings.plan }

    /// What to do about `event`; `now` is nanoseconds of the run's clock.
    package mutating func handle(_ event: MasterEvent, now: Int64) throws -> [MasterAction] {
        if case .finished = state { return [] }
        switch event {
        case .joined(let worker): return try join(worker, now: now)
        case .reply(let reply): return try receive(reply, now: now)
        case .order(let order): return try obey(order, now: now)
        }
    }

    private mutating func join(_ worker: Int, now: Int64) throws -> [MasterAction] {
        guard case .joining(var joined) = state, plan.calledWorkers.contains(worker) else { return [] }
        joined.insert(worker)
        state = .joining(joined)
        guard joined.count == plan.calledWorkers.count else { return [] }
        return [.log(.info, "all \(joined.count) model workers have joined")] + (try openSetup(from: 0, now: now))
    }

    private mutating func receive(_ reply: Reply, now: Int64) throws -> [MasterAction] {
        guard let pending = ledger.resolve(reply.request) else { return [] }
        if case .failed(let report, let persistence) = reply.body { throw failure(report, persistence, pending) }
        let recorded = saved(reply, now: now)
        switch (takeState(), pending.purpose, reply.body) {
        case (.opening(let setup), _, _):
            return try opened(setup, pending, reply.body, now: now)
        case (.stepping(let setup, let run), .fetch, .items(let items)):
            return try fetched(items, by: pending.worker, setup, run, now: now)
        case (.stepping(let setup, let run), .call(let name), .called(let outcome)):
            return recorded + (try ended(name, Answer(outcome, reply), setup, run, now: now))
        case (.stepping(let setup, let run), .side, .done):
            return try continueStep(setup, run, now: now)
        case (.stepping(let setup, var run), .evaluation(let name), .evaluated(let metrics)):
            run.metrics += metrics + times(of: setup.plan.evaluation?.call, name, reply.times)
            return told(metrics, step: run.number) + (try continueStep(setup, run, now: now))
        case (.between(let setup), .evaluation, .evaluated(let metrics)):
            return [.metrics(step: UInt64(done), metrics)] + told(metrics, step: done)
                + (try continueBetween(setup, now: now))
        case (.between(let setup), .save, .done):
            return recorded + (try continueBetween(setup, now: now))
        default:
            throw WorkerError(
                .message,
                "\(WorkerID(.model, pending.worker)) answered \(place(of: pending.purpose)) with "
                    + "'\(reply.body.kind.rawValue)'")
        }
    }

    /// Takes the state out, so that what is changed of it is not copied. Each way on from here puts one in its place;
    /// where none does, something has been thrown and the trial has failed.
    private mutating func takeState() -> State {
        defer { state = .finished }
        return state
    }

    private func failure(
        _ report: String, _ persistence: Persistence, _ pending: RequestLedger<Purpose>.Pending
    ) -> WorkerError {
        let lines = report.split(separator: "\n", omittingEmptySubsequences: false)
        let name = WorkerID(.model, pending.worker), place = place(of: pending.purpose)
        return WorkerError(
            .request, "\(name) failed in \(place): \(lines.first ?? "")",
            detail: lines.dropFirst().joined(separator: "\n"), persistence: persistence)
    }

    /// Where in the trial a request stands, for a person.
    private func place(of purpose: Purpose) -> String {
        switch purpose {
        case .call(let name), .side(let name): "'\(name)' of step \(done + 1)"
        case .evaluation(let name): "'\(name)' of step \(lastEvaluated ?? done)"
        case .spec: RequestHandle.spec.rawValue
        case .modelConfig: RequestHandle.modelConfig.rawValue
        case .initialize: RequestHandle.initialize.rawValue
        case .fetch: RequestHandle.fetch.rawValue
        case .save: RequestHandle.save.rawValue
        }
    }
}

// MARK: - Sending

extension MasterCore {
    /// One request to be sent.
    struct Outgoing {
        let worker: Int
        let purpose: Purpose
        let body: Request.Body
    }

    /// Sends requests; those that are held at their workers are flushed, all of them together.
    mutating func issue(_ outgoing: [Outgoing], of setup: OpenSetup, step: Int) -> [MasterAction] {
        var actions: [MasterAction] = [], flushed: Set<Int> = []
        for item in outgoing {
            let request = Request(id: ledger.nextID(), setup: setup.index, step: UInt64(step), item.body)
            ledger.expect(request.id, from: item.worker, for: item.purpose)
            if request.isHeld { flushed.insert(item.worker) }
            actions.append(.send(worker: item.worker, request))
        }
        return actions + flushed.sorted().map { tell($0, .flush, setup: setup.index) }
    }

    /// A request that nobody waits for.
    mutating func tell(_ worker: Int, _ body: Request.Body, setup: Int) -> MasterAction {
        .send(worker: worker, Request(id: ledger.nextID(), setup: setup, step: UInt64(done), body))
    }

    /// The same to every worker.
    mutating func tellAll(_ body: Request.Body, setup: Int) -> [MasterAction] {
        var actions: [MasterAction] = []
        for worker in plan.calledWorkers { actions.append(tell(worker, body, setup: setup)) }
        return actions
    }
}
