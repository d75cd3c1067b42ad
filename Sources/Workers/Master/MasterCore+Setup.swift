import Protocol

/// Opening a setup: spec, then model_config, then initialize with its flush, then perhaps an evaluation.
extension MasterCore {
    /// Goes to the first setup from `first` on that has steps to do, or ends the trial.
    mutating func openSetup(from first: Int, now: Int64) throws -> [MasterAction] {
        var index = first
        while index < plan.setups.count, plan.stepsBefore(setup: index + 1) <= done { index += 1 }
        guard index < plan.setups.count else { return finish(.completed) }
        let setup = try OpenSetup(index, of: plan, done: done)
        state = .opening(setup)
        let title =
            "setup \(index + 1)/\(plan.setups.count) '\(setup.plan.name)': steps \(setup.schedule.steps.lowerBound) to "
            + "\(setup.schedule.steps.upperBound), going on after step \(done)"
        let spec = Outgoing(worker: try setup.dataWorker(), purpose: .spec, body: .spec)
        return [.log(.info, title), .state(.running, step: UInt64(done)), .working(mfc: "", step: UInt64(done))]
            + issue([spec], of: setup, step: done)
    }

    /// Takes an answer to what opens a setup.
    mutating func opened(
        _ setup: OpenSetup, _ pending: RequestLedger<Purpose>.Pending, _ body: Reply.Body, now: Int64
    ) throws -> [MasterAction] {
        state = .opening(setup)
        switch (pending.purpose, body) {
        case (.spec, .dataset(let facts)):
            return describe(facts, of: setup) + askConfigurations(setup)
        case (.modelConfig(let model), .model(let shape)):
            let log = MasterAction.log(
                .info, "model '\(model)' on \(WorkerID(.model, pending.worker)): \(Story.shape(shape))")
            return [log] + (ledger.isIdle ? try initializeModels(setup) : [])
        case (.initialize(let model), .initialized(let version)):
            versions[model.role] = version
            return ledger.isIdle ? try setupIsOpen(setup, now: now) : []
        default:
            throw WorkerError(
                .message,
                "\(WorkerID(.model, pending.worker)) answered with '\(body.kind.rawValue)' as setup "
                    + "'\(setup.plan.name)' was opened")
        }
    }

    private func describe(_ dataset: DatasetFacts, of setup: OpenSetup) -> [MasterAction] {
        let name = "dataset '\(setup.plan.dataset.path)'"
        var actions: [MasterAction] = [.log(.info, "\(name): \(dataset.rows) rows")]
        if dataset.skipped > 0 {
            let rows = dataset.skipped == 1 ? "row" : "rows"
            actions.append(.log(.warning, "\(name): \(dataset.skipped) \(rows) left out"))
        }
        // A resumed setup has it in the store already.
        if done == plan.stepsBefore(setup: setup.index) {
            let facts = [
                Metric("data/rows", Double(dataset.rows)), Metric(.rowsLeftOut, Double(dataset.skipped)),
            ]
            actions.append(.metrics(step: UInt64(done), facts))
        }
        return actions
    }

    private mutating func askConfigurations(_ setup: OpenSetup) -> [MasterAction] {
        let outgoing = setup.plan.models.map { model in
            Outgoing(worker: model.worker, purpose: .modelConfig(model.name), body: .describe(model.name))
        }
        return issue(outgoing, of: setup, step: done)
    }

    private mutating func initializeModels(_ setup: OpenSetup) throws -> [MasterAction] {
        let outgoing = try setup.plan.models.map { model in
            Outgoing(
                worker: model.worker, purpose: .initialize(model.name),
                body: .initialize(model.name, try initialization(of: model, in: setup)))
        }
        return issue(outgoing, of: setup, step: done)
    }

    private func initialization(of model: ModelPlan, in setup: OpenSetup) throws -> Initialization {
        let training = setup.training.first { $0.model == model.name }
        let updates = try training.map { try Interfaces.make($0.interface).updatesPerStep } ?? 1
        return Initialization(
            totalUpdates: setup.plan.steps * updates,
            weights: try weights(of: model, isTraining: training != nil, in: setup))
    }

    /// Where a model's weights come from. A model that trains goes on from its own checkpoint where the setup is
    /// resumed in its middle; all others begin as the setup begins.
    private func weights(
        of model: ModelPlan, isTraining: Bool, in setup: OpenSetup
    ) throws -> Initialization.Weights {
        let before = plan.stepsBefore(setup: setup.index)
        if isTraining, done > before {
            return .recovered(from: settings.checkpoint(of: model.name.role, step: done))
        }
        guard case .transformer(let transformer) = model.module else { return .random }
        switch transformer.initialization {
        case .random: return .random
        case .folder(let path): return .loaded(from: path)
        case .role(let role):
            // Nothing is saved before the first step; equal seeds give what the other model begins with.
            if before == 0, isRandom(role, in: setup) { return .random }
            guard before > 0 else {
                throw WorkerError(
                    .plan,
                    "model '\(model.name)' starts from role '\(role)', but no setup before '\(setup.plan.name)' trains it"
                )
            }
            return .loaded(from: settings.checkpoint(of: role, step: before))
        }
    }

    /// Whether the setup itself begins a role with random weights.
    private func isRandom(_ role: ModelRole, in setup: OpenSetup) -> Bool {
        setup.plan.models.contains { model in
            guard model.name == ModelName(role), case .transformer(let transformer) = model.module else { return false }
            return transformer.initialization == .random
        }
    }

    private mutating func setupIsOpen(_ setup: OpenSetup, now: Int64) throws -> [MasterAction] {
        if StepSchedule.evaluatesInitially(plan, setup: setup.index, done: done) {
            wishes.evaluate = true
            lastEvaluated = nil
        }
        return try continueBetween(setup, now: now)
    }
}
