import Protocol

/// Opening a setup: spec, then model_config, then initialize with its flush, then perhaps an evaluation.
extension MasterCore {
    /// Goes to the next setup that has steps to do, or ends the trial.
    mutating func openNextSetup(now: Int64) throws -> [MasterAction] {
        setupIndex += 1
        while setupIndex < plan.setups.count, plan.stepsBefore(setup: setupIndex + 1) <= done { setupIndex += 1 }
        guard setupIndex < plan.setups.count else { return finish(.completed, now: now) }
        phase = .opening
        graph = try DataflowGraph(setup.calls)
        try FunctionExecutor.check(graph)
        for call in graph.calls {
            try Interfaces.check(call)
            _ = try place(of: call.model)
        }
        schedule = StepSchedule(setup, before: plan.stepsBefore(setup: setupIndex), done: done)
        buffer = SequenceBuffer(graph: graph, capacity: Self.capacity(for: graph))
        tracker = StorageTracker()
        weightVersion = UInt64(done)
        let worker = try dataWorker()
        let request = request(.spec, to: worker, handler: "__data0__", step: done, now: now)
        let title =
            "setup \(setupIndex + 1)/\(plan.setups.count) '\(setup.name)': steps \(schedule.steps.lowerBound) to "
            + "\(schedule.steps.upperBound), going on after step \(done)"
        return [.log(.info, title), .state(.running, step: UInt64(done)), .working(mfc: "", step: UInt64(done))]
            + issue([Outgoing(worker: worker, purpose: .spec, request: request)], now: now)
    }

    /// A fetch brings some batches at once; two of them fit, so that a fetch never meets a full buffer.
    static func capacity(for graph: DataflowGraph) -> Int {
        2 * DatasetFetch.batches * graph.largestBatch
    }

    mutating func opened(
        _ pending: RequestLedger<Purpose>.Pending, _ reply: WireReply, now: Int64
    ) throws -> [MasterAction] {
        switch pending.purpose {
        case .spec:
            return describe(reply.dataset) + (try askConfigurations(now: now))
        case .modelConfig(let model):
            let log = MasterAction.log(
                .info, "model '\(model)' on \(WorkerID(.model, pending.worker)): \(Story.shape(reply.model.json))")
            return [log] + (ledger.isIdle ? try initializeModels(now: now) : [])
        case .initialize:
            return ledger.isIdle ? try setupIsOpen(now: now) : []
        default:
            return []
        }
    }

    private func describe(_ dataset: WireDatasetSpec) -> [MasterAction] {
        var actions: [MasterAction] = [
            .log(.info, "dataset '\(setup.dataset.path)': \(dataset.size) rows")
        ]
        if dataset.skippedRows > 0 {
            actions.append(
                .log(.warning, "dataset '\(setup.dataset.path)': \(dataset.skippedRows) rows left out"))
        }
        // A resumed setup has it in the store already.
        if done == plan.stepsBefore(setup: setupIndex) {
            actions.append(
                .metrics(
                    step: UInt64(done),
                    [
                        Metric("data/rows", Double(dataset.size)),
                        Metric(.rowsLeftOut, Double(dataset.skippedRows)),
                    ]))
        }
        return actions
    }

    private mutating func askConfigurations(now: Int64) throws -> [MasterAction] {
        issue(
            setup.models.map { model in
                Outgoing(
                    worker: model.worker, purpose: .modelConfig(model.name),
                    request: request(
                        .modelConfig, to: model.worker, handler: model.shard.description, step: done, now: now))
            }, now: now)
    }

    private mutating func initializeModels(now: Int64) throws -> [MasterAction] {
        var outgoing: [Outgoing] = []
        for model in setup.models {
            var request = request(.initialize, to: model.worker, handler: model.shard.description, step: done, now: now)
            request.initialize = try initialization(of: model)
            outgoing.append(Outgoing(worker: model.worker, purpose: .initialize(model.name), request: request))
        }
        return issue(outgoing, now: now)
    }

    /// Where a model's weights come from. A model that trains goes on from its own checkpoint where the setup is
    /// resumed in its middle; all others begin as the setup begins.
    func initialization(of model: ModelPlan) throws -> WireInitializeRequest {
        let before = plan.stepsBefore(setup: setupIndex)
        let training = setup.calls.first { $0.interfaceType == .trainStep && $0.model == model.name }
        let updates = try training.map { try Interfaces.make($0.interface).updatesPerStep } ?? 1
        var weights = "", recover = ""
        if training != nil, done > before {
            recover = settings.checkpoint(of: model.name.role, step: done)
        } else if case .transformer(let transformer) = model.module {
            switch transformer.initialization {
            case .random: break
            case .folder(let path): weights = path
            case .role(let role):
                // Nothing is saved before the first step; equal seeds give what the other model begins with.
                if before == 0, isRandom(role) { break }
                guard before > 0 else {
                    throw WorkerError(
                        .plan,
                        "model '\(model.name)' starts from role '\(role)', but no setup before '\(setup.name)' trains it"
                    )
                }
                weights = settings.checkpoint(of: role, step: before)
            }
        }
        return filled(WireInitializeRequest()) {
            $0.totalSteps = UInt64(setup.steps * updates)
            $0.trainBatchSize = UInt64(training?.sequences ?? 0)
            $0.recoverPath = recover
            $0.weightsPath = weights
        }
    }

    /// Whether the setup itself begins a role with random weights.
    private func isRandom(_ role: ModelRole) -> Bool {
        setup.models.contains { model in
            guard model.name == ModelName(role), case .transformer(let transformer) = model.module else { return false }
            return transformer.initialization == .random
        }
    }

    private mutating func setupIsOpen(now: Int64) throws -> [MasterAction] {
        guard StepSchedule.evaluatesInitially(plan, setup: setupIndex, done: done) else {
            return try continueBetweenSteps(now: now)
        }
        wishes.evaluate = true
        lastEvaluated = -1
        return try continueBetweenSteps(now: now)
    }
}
