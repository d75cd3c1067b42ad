import Compute
package import Logging
package import Protocol

/// Executes a model worker's requests; it knows no request socket. Confined to the worker's thread.
package final class ModelExecutor: HookSite {
    package let storage = SampleStorage()
    package let dataManager: DataManager?
    package let wholeSteps: WholeSteps
    let plan: TrialPlan
    let worker: Int
    let resumeStep: Int
    let factory: ModelFactory
    let spans: SpanRecorder
    package let logger: Logger
    package let progress: WorkerProgress
    let clock: RunClock
    private var state: SetupState?
    /// Obeys the worker's orders; whether it has been told to leave. Set by whoever has the mailbox.
    package var readOrders: () -> Bool = { false }

    /// Reads every dataset of the plan for the trial's vocabulary.
    /// - Parameter resumeStep: the trial-wide step a resumed trial goes on after.
    package init(
        plan: TrialPlan, worker: Int, resumeStep: Int, dataManager: DataManager?, spans: SpanRecorder, logger: Logger,
        progress: WorkerProgress, clock: RunClock, wholeSteps: WholeSteps = WholeSteps()
    ) throws {
        guard plan.modelWorkers.indices.contains(worker) else {
            throw WorkerError(.plan, "the plan has no \(WorkerID(.model, worker))")
        }
        self.plan = plan
        self.worker = worker
        self.resumeStep = resumeStep
        self.dataManager = dataManager
        self.spans = spans
        self.logger = logger
        self.progress = progress
        self.clock = clock
        self.wholeSteps = wholeSteps
        factory = ModelFactory(
            seed: plan.seed, vocabulary: try TrialVocabulary.build(for: plan),
            pool: try ThreadPool(threads: max(1, plan.modelWorkers[worker].threads)))
    }

    /// Runs a request that needs no flush; nil where nobody waits for a reply.
    package func answer(_ request: Request) -> Reply? {
        if case .clear(let ids) = request.body {
            storage.remove(ids)
            return nil
        }
        return completed(Reply(to: request.id, from: worker), of: request) { reply in
            switch request.body {
            case .spec: reply.body = .dataset(try spec(request))
            case .fetch: reply.body = .items(try fetch(request))
            case .describe(let model): reply.body = .model(try shape(of: model, request))
            default: throw WorkerError(.message, "'\(request.handle.rawValue)' is no immediate request")
            }
        }
    }

    /// Runs everything that was held: all sends, all pre-hooks, then each main part with its post-hooks.
    /// - Parameter send: gets each reply as soon as it is complete.
    package func run(_ batch: RequestQueue.Batch, send: (Reply) throws -> Void) rethrows {
        var prepared: [RequestID: Reply] = [:]
        for request in batch.arrival {
            prepared[request.id] = completed(Reply(to: request.id, from: worker), of: request) { _ in
                try withSetup(request.setup) { _ in }
                for hook in request.preHooks { try hook.prepare(at: self) }
            }
        }
        for request in batch.arrival {
            guard let begun = prepared[request.id], begun.failure == nil else { continue }
            prepared[request.id] = completed(begun, of: request) { reply in
                try run(request.preHooks, of: request, phase: SpanPhase.before, &reply)
            }
        }
        for request in batch.execution {
            guard let begun = prepared[request.id] else { continue }
            guard begun.failure == nil else {
                try send(begun)
                continue
            }
            try send(
                completed(begun, of: request) { reply in
                    try main(request, &reply)
                    try run(request.postHooks, of: request, phase: SpanPhase.after, &reply)
                })
        }
    }

    package func isToldToLeave() -> Bool { readOrders() }

    private func run(
        _ hooks: [any RequestHook], of request: Request, phase: (HookKind) -> SpanPhase, _ reply: inout Reply
    ) throws {
        for hook in hooks {
            let kind = type(of: hook).kind, phase = phase(kind)
            // Moving data belongs to the call; what else a hook does is worth a word of its own.
            if kind != .dataTransfer { progress.works(on: kind.rawValue, step: request.step) }
            let (saved, seconds) = try spans.record(phase, of: try subject(of: request)) { _ in
                try hook.run(at: self)
            }
            reply.saved += saved
            reply.times.append(PhaseTime(phase.rawValue, seconds: seconds))
            progress.moved()
        }
    }

    /// `reply` after `body`; an error becomes its report.
    private func completed(_ reply: Reply, of request: Request, _ body: (inout Reply) throws -> Void) -> Reply {
        var reply = reply
        do {
            try body(&reply)
        } catch {
            let report = describe(error), place = [request.handle.rawValue, request.mfc].compactMap(\.self)
            logger.error("\(place.joined(separator: " ")) of step \(request.step) failed: \(report)")
            reply.body = .failed(report, Persistence(of: error))
        }
        return reply
    }
}

// MARK: - State

extension ModelExecutor {
    /// Works on the state of a setup; the first request of a new one drops everything of the one before.
    func withSetup<Value>(_ index: Int, _ body: (inout SetupState) throws -> Value) throws -> Value {
        guard plan.setups.indices.contains(index) else {
            throw WorkerError(.message, "the plan has no setup \(index)")
        }
        var current: SetupState
        if let state, state.index == index {
            current = state
        } else {
            state = nil
            wholeSteps.clear()
            storage.removeAll()
            current = try SetupState(index: index, plan: plan.setups[index])
        }
        state = nil
        defer { state = current }
        return try body(&current)
    }

    /// The models of the setup that is open.
    var models: [WorkerModel] { state.map { Array($0.models.values) } ?? [] }

    package func model(of role: ModelRole) throws -> WorkerModel {
        guard let model = state?.models.first(where: { $0.key == ModelName(role) }) else {
            throw WorkerError(.message, "role '\(role)' is not on this worker")
        }
        return model.value
    }

    /// What the spans of a request are about.
    func subject(of request: Request) throws -> SpanRecorder.Subject {
        let call = try request.mfc.map { name in try withSetup(request.setup) { try $0.call(named: name) } }
        let role: ModelRole? =
            switch request.body {
            case .initialize(let model, _): model.role
            case .save(let hook): hook.role
            default: call?.model.role
            }
        return SpanRecorder.Subject(
            mfc: call?.name ?? "", interfaceType: call?.interfaceType.rawValue ?? request.handle.rawValue,
            role: role?.description ?? "", step: request.step)
    }
}
