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
    package func answer(_ request: WireRequest) -> WireReply? {
        let reply = reply(to: request) { reply in
            switch RequestHandle(rawValue: request.handleName) {
            case .spec: try spec(request, &reply)
            case .fetch: try fetch(request, &reply)
            case .modelConfig: try modelConfiguration(request, &reply)
            case .clearDataCache: storage.remove(request.ids)
            default: throw WorkerError(.message, "'\(request.handleName)' is no immediate request")
            }
        }
        let isAnswered = RequestHandle(rawValue: request.handleName)?.isAnswered == true
        return isAnswered || !reply.error.isEmpty ? reply : nil
    }

    /// Runs everything that was held: all sends, all pre-hooks, then each main part with its post-hooks.
    /// - Parameter send: gets each reply as soon as it is complete.
    package func run(_ batch: RequestQueue.Batch, send: (WireReply) throws -> Void) rethrows {
        var prepared: [String: WireReply] = [:]
        for request in batch.arrival {
            prepared[request.id] = reply(to: request) { _ in try sendTransfers(of: request) }
        }
        for request in batch.arrival {
            guard let begun = prepared[request.id], begun.error.isEmpty else { continue }
            prepared[request.id] = reply(to: request, beginning: begun) { reply in
                try runHooks(request.preHooks, of: request, phase: SpanPhase.before, &reply)
            }
        }
        for request in batch.execution {
            guard let begun = prepared[request.id] else { continue }
            guard begun.error.isEmpty else {
                try send(begun)
                continue
            }
            try send(
                reply(to: request, beginning: begun) { reply in
                    try main(request, &reply)
                    try runHooks(request.postHooks, of: request, phase: SpanPhase.after, &reply)
                })
        }
    }

    /// Two workers that wait for each other's data would wait for ever, so all sending comes first.
    private func sendTransfers(of request: WireRequest) throws {
        for hook in request.preHooks where hook.kind == HookKind.dataTransfer.rawValue {
            try dataManager?.send(hook.transfer, from: storage)
        }
    }

    private func runHooks(
        _ hooks: [WireHookRequest], of request: WireRequest, phase: (HookKind) -> SpanPhase, _ reply: inout WireReply
    ) throws {
        for hook in hooks {
            let implementation = try Hooks.find(hook.kind)
            let phase = phase(type(of: implementation).kind)
            if hook.kind != HookKind.dataTransfer.rawValue { progress.works(on: hook.kind, step: request.step) }
            let (_, seconds) = try spans.record(phase, of: try subject(of: request)) { _ in
                try implementation.run(hook, for: request, on: self, reply: &reply)
            }
            reply.times.append(WireTimeRecord(phase.rawValue, seconds))
            progress.moved()
        }
    }

    /// A reply filled in by `body`; an error becomes its report.
    private func reply(
        to request: WireRequest, beginning: WireReply? = nil, _ body: (inout WireReply) throws -> Void
    ) -> WireReply {
        var reply = beginning ?? Self.emptyReply(to: request, from: worker)
        do {
            try body(&reply)
        } catch {
            reply.error = describe(error)
            logger.error("\(request.handleName) \(request.mfc) of step \(request.step) failed: \(reply.error)")
        }
        return reply
    }

    /// A reply that says nothing yet.
    package static func emptyReply(to request: WireRequest, from worker: Int) -> WireReply {
        WireReply.make {
            $0.requestID = request.id
            $0.handleName = request.handleName
            $0.worker = UInt32(worker)
        }
    }
}

extension WireTimeRecord {
    init(_ name: String, _ seconds: Double) {
        self.init()
        self.name = name
        self.seconds = seconds
    }
}

// MARK: - State

extension ModelExecutor {
    /// Works on the state of a setup; the first request of a new one drops everything of the one before.
    func withSetup<Value>(_ index: UInt64, _ body: (inout SetupState) throws -> Value) throws -> Value {
        guard let wanted = Int(exactly: index), plan.setups.indices.contains(wanted) else {
            throw WorkerError(.message, "the plan has no setup \(index)")
        }
        var current: SetupState
        if let state, state.index == wanted {
            current = state
        } else {
            state = nil
            wholeSteps.clear()
            storage.removeAll()
            current = try SetupState(index: wanted, plan: plan.setups[wanted])
        }
        state = nil
        defer { state = current }
        return try body(&current)
    }

    /// The models of the setup that is open.
    var models: [WorkerModel] { state.map { Array($0.models.values) } ?? [] }

    /// The model of a role in a setup, as hooks ask for it.
    package func model(forRole role: String, setup: UInt64) throws -> WorkerModel {
        try withSetup(setup) { state in
            guard let model = state.models.first(where: { $0.key.role.description == role && $0.key.replica == 0 })
            else {
                throw WorkerError(.message, "role '\(role)' is not on this worker")
            }
            return model.value
        }
    }

    func subject(of request: WireRequest) throws -> SpanRecorder.Subject {
        let call = try request.mfc.isEmpty ? nil : withSetup(request.setup) { try $0.call(named: request.mfc) }
        return SpanRecorder.Subject(
            mfc: request.mfc, interfaceType: call?.interfaceType.rawValue ?? request.handleName,
            role: call?.model.role.description ?? request.handler.split(separator: "@").first.map(String.init) ?? "",
            step: request.step)
    }
}
