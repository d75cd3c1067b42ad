import Compute
import Logging
import Protocol

/// Requests that prepare a setup, and the data they bring.
extension ModelExecutor {
    /// Opens the dataset and says how large it is.
    func spec(_ request: Request) throws -> DatasetFacts {
        try withSetup(request.setup) { state in
            let type = try Datasets.find(state.plan.dataset.type)
            let needed = state.graph.datasetKeys
            let graph = try DataflowGraph(state.plan.calls, datasetOutput: Set(type.keys))
            let demand = RowDemand(
                needed: needed, tokenizer: factory.tokenizer, limit: try factory.lengthLimit(of: state.plan))
            let rows = try type.open(state.plan.dataset, for: demand)
            tell(rows.leftOut)
            let heldOut = try state.readEvaluationRows(factory, on: worker)
            tell(heldOut)
            let before = plan.stepsBefore(setup: state.index)
            state.loader = DatasetLoader(
                rows: rows, seed: Seed.derived(from: plan.seed, "data of \(state.plan.name)"),
                used: max(0, resumeStep - before) * graph.largestBatch)
            return DatasetFacts(rows: rows.count, skipped: rows.leftOut.count + heldOut.count)
        }
    }

    private func tell(_ leftOut: LeftOutRows) {
        for error in leftOut.errors { logger.warning("row left out: \(error.summary)") }
        let untold = leftOut.count - leftOut.errors.count
        if untold > 0 { logger.warning("\(untold) more rows left out; in all \(leftOut.phrase)") }
    }

    /// The next items of the dataset: they stay here, their metadata goes to the master.
    func fetch(_ request: Request) throws -> FetchedItems {
        let sample = try withSetup(request.setup) { state in
            let block = DatasetFetch.batches * state.graph.largestBatch
            guard let sample = try state.loader?.nextBlock(of: block) else {
                throw WorkerError(.message, "fetch came before spec")
            }
            return sample
        }
        try storage.add(sample)
        let now = clock.now()
        // A nanosecond apart, so that the oldest-first order of the buffer is the dataset's order.
        return FetchedItems(sample.metadata, births: sample.ids.indices.map { now + Int64($0) })
    }

    /// The shape of a model; nil for one that has no weights.
    func shape(of name: ModelName, _ request: Request) throws -> ModelShape? {
        try factory.spec(of: try modelPlan(name, request)).map(ModelShape.init)
    }

    /// Makes a model with its first weights.
    func initialize(
        _ name: ModelName, _ initialization: Initialization, _ request: Request
    ) throws -> WeightVersion {
        let plan = try modelPlan(name, request), model = try made(plan, initialization, step: request.step)
        if let note = model.note { logger.notice("model '\(name)': \(note)") }
        for remark in model.takeRemarks() { logger.warning("model '\(name)': \(remark)") }
        model.beforeChange { [wholeSteps] in wholeSteps.changes(name.role) }
        try withSetup(request.setup) { $0.models[name] = model }
        if plan.optimizer != nil { progress.holds(model.weightVersion) }
        return model.weightVersion
    }

    private func made(_ plan: ModelPlan, _ initialization: Initialization, step: UInt64) throws -> WorkerModel {
        do {
            return try factory.model(plan, initialization)
        } catch let error as ComputeError {
            switch initialization.weights {
            case .random: throw error
            case .loaded(let path), .recovered(let path):
                throw CheckpointFallback.consequence(of: error, at: path, step: step)
            }
        }
    }

    /// The plan of a model that lives on this worker.
    private func modelPlan(_ name: ModelName, _ request: Request) throws -> ModelPlan {
        let models = try withSetup(request.setup) { $0.plan.models }
        guard let model = models.first(where: { $0.name == name && $0.worker == worker }) else {
            throw WorkerError(.message, "model '\(name)' is not on \(WorkerID(.model, worker))")
        }
        return model
    }
}

extension ModelShape {
    fileprivate init(_ spec: ModelSpec) {
        self.init(
            family: spec.family, vocabularySize: spec.vocabularySize, contextLength: spec.contextLength,
            width: spec.width, layers: spec.layers, heads: spec.heads, keyValueHeads: spec.keyValueHeads,
            headWidth: spec.headWidth, mlpWidth: spec.mlpWidth)
    }
}
