import Compute
import Foundation
import Logging
import Protocol

/// Requests that prepare a setup, and the data they bring.
extension ModelExecutor {
    /// Opens the dataset and says how large it is.
    func spec(_ request: WireRequest, _ reply: inout WireReply) throws {
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
            reply.dataset.datasets = 1
            reply.dataset.size = UInt64(rows.count)
            reply.dataset.skippedRows = UInt64(rows.leftOut.count + heldOut.count)
        }
    }

    private func tell(_ leftOut: LeftOutRows) {
        for error in leftOut.errors { logger.warning("row left out: \(error.summary)") }
        let untold = leftOut.count - leftOut.errors.count
        if untold > 0 { logger.warning("\(untold) more rows left out; in all \(leftOut.phrase)") }
    }

    /// The next items of the dataset: they stay here, their metadata goes to the master.
    func fetch(_ request: WireRequest, _ reply: inout WireReply) throws {
        let batch = try withSetup(request.setup) { state in
            guard state.loader != nil else { throw WorkerError(.message, "fetch came before spec") }
            let block = DatasetFetch.batches * state.graph.largestBatch
            return try state.loader?.nextBlock(of: block, skipping: Set(request.skipIds))
        }
        guard let batch else { return }
        try storage.add(batch.sample)
        let now = clock.now()
        reply.sample = WireSampleMetadata(batch.sample)
        // A nanosecond apart, so that the oldest-first order of the buffer is the dataset's order.
        reply.birthTimes = batch.sample.ids.indices.map { now + Int64($0) }
        reply.endOfEpoch = batch.endsEpoch
    }

    /// The shape of a model, as JSON.
    func modelConfiguration(_ request: WireRequest, _ reply: inout WireReply) throws {
        let model = try modelPlan(request)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let spec = try factory.spec(of: model).map { try encoder.encode($0) }
        reply.model.json = spec.map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// Makes a model with its first weights.
    func initialize(_ request: WireRequest, _ reply: inout WireReply) throws {
        let plan = try modelPlan(request)
        let model = try made(plan, request)
        if let note = model.note { logger.notice("model '\(plan.name)': \(note)") }
        for remark in model.takeRemarks() { logger.warning("model '\(plan.name)': \(remark)") }
        model.beforeChange { [wholeSteps] in wholeSteps.changes(plan.name.role) }
        try withSetup(request.setup) { $0.models[plan.name] = model }
        reply.weightVersion = model.weightVersion
        if plan.optimizer != nil { progress.holds(version: model.weightVersion) }
    }

    private func made(_ plan: ModelPlan, _ request: WireRequest) throws -> WorkerModel {
        let wanted = request.initialize
        do {
            return try factory.model(plan, wanted, step: request.step)
        } catch let error as ComputeError {
            let path = wanted.recoverPath.isEmpty ? wanted.weightsPath : wanted.recoverPath
            throw CheckpointFallback.consequence(of: error, at: path, step: request.step)
        }
    }

    /// The model a request's handler names; the handler is its shard id.
    private func modelPlan(_ request: WireRequest) throws -> ModelPlan {
        let models = try withSetup(request.setup) { $0.plan.models }
        guard let model = models.first(where: { $0.shard.description == request.handler && $0.worker == worker }) else {
            throw WorkerError(.message, "shard '\(request.handler)' is not on \(WorkerID(.model, worker))")
        }
        return model
    }
}
