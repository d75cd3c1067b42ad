package import Protocol

/// Where the models of a setup live. One shard a model is the trivial case, and the only one that a plan makes today.
package struct Placement: Sendable, Equatable {
    private let setup: String
    private let models: [ModelPlan]

    package init(_ plan: SetupPlan) {
        setup = plan.name
        models = plan.models
    }

    /// All shards of a model, at least one.
    /// - Throws: `WorkerError` for a model that the setup does not have.
    package func shards(of model: ModelName) throws -> [ModelPlan] {
        let found = models.filter { $0.name == model }
        guard !found.isEmpty else { throw WorkerError(.plan, "setup '\(setup)' has no model '\(model)'") }
        return found
    }

    /// The shards that own the data of a call, one for each data-parallel rank: tensor rank 0 of the last pipeline stage.
    package func dataHeads(of model: ModelName) throws -> [ModelPlan] {
        let shards = try shards(of: model), last = shards.map(\.shard.pipeline).max()
        return shards.filter { $0.shard.pipeline == last && $0.shard.tensor == 0 }
    }

    /// The one shard that runs a whole call; calls are not split among several yet.
    package func head(of model: ModelName) throws -> ModelPlan {
        let heads = try dataHeads(of: model)
        guard let head = heads.first, heads.count == 1 else {
            throw WorkerError(
                .plan, "model '\(model)' has \(heads.count) data-parallel shards; a call runs on one",
                hint: "give it one worker")
        }
        return head
    }
}
