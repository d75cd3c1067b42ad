import Compute
package import Protocol

/// Makes the models of a setup from their plans.
package struct ModelFactory {
    let seed: UInt64
    let vocabulary: TrialVocabulary
    let pool: ThreadPool

    var tokenizer: any Tokenizer { vocabulary.tokenizer }

    /// The model families a plan may name.
    package static let families = ModelFamilies.all.map(\.name)

    /// Tokens of the longest sequence and parameters of the model in a Hugging Face folder, from its `config.json` alone.
    package static func size(ofFolder path: String) throws -> (contextLength: Int, parameters: Int) {
        let spec = try Checkpoint.configuration(in: path).spec
        return (spec.contextLength, spec.parameterTable().parameters.reduce(0) { $0 + $1.count })
    }

    /// - Throws: `WorkerError` for arguments that do not go together, and where an adapter does not fit a model of this
    ///   shape, with the layers that it has.
    package static func check(_ plan: ModelPlan) throws {
        _ = try ModelArguments(plan.options)
        guard let optimizer = try plan.optimizer.map(OptimizerArguments.init), optimizer.adapter != nil,
            case .transformer(let transformer) = plan.module
        else { return }
        switch transformer.shape {
        case .folder(let path): try optimizer.checkAdapter(fits: Checkpoint.configuration(in: path).spec)
        // Which tokens there are does not matter to its layers.
        case .sizes(let sizes): try optimizer.checkAdapter(fits: spec(of: sizes, vocabularySize: 1))
        }
    }

    /// The shape of a model; nil for a rule.
    func spec(of plan: ModelPlan) throws -> ModelSpec? {
        guard case .transformer(let transformer) = plan.module else { return nil }
        switch transformer.shape {
        case .folder(let path):
            let spec = try Checkpoint.externalSpec(path)
            try vocabulary.check(fits: spec, of: path)
            return spec
        case .sizes(let sizes): return try Self.spec(of: sizes, vocabularySize: tokenizer.vocabularySize)
        }
    }

    private static func spec(of sizes: TransformerSizes, vocabularySize: Int) throws -> ModelSpec {
        let family = try ModelFamilies.named(sizes.family)
        var spec = family.spec(
            of: ModelSizes(
                vocabularySize: vocabularySize, contextLength: sizes.contextLength, width: sizes.width,
                layers: sizes.layers, heads: sizes.heads, keyValueHeads: sizes.keyValueHeads, mlpWidth: sizes.mlpWidth))
        guard sizes.dropout > 0 else { return spec }
        try spec.validate()
        let rate = Float(sizes.dropout)
        spec.dropout = ModelSpec.Dropout(embedding: rate, attention: rate, residual: rate)
        // Where the family's own file has it: Llama and Qwen2 drop in attention only.
        return try spec.asStored()
    }

    /// The model with the weights that `initialization` asks for.
    func model(_ plan: ModelPlan, _ initialization: Initialization) throws -> WorkerModel {
        guard let spec = try spec(of: plan) else { return WorkerModel(rule: plan.name, tokenizer: tokenizer) }
        let optimizer = try plan.optimizer.map(OptimizerArguments.init)
        var options = try ModelArguments(plan.options).options
        options.adapter = optimizer?.adapter
        let model = try WorkerModel(
            plan.name, spec: spec,
            optimizer: optimizer?.options(
                totalSteps: initialization.totalUpdates, precision: options.precision),
            tokenizer: tokenizer, seed: Seed.derived(from: seed, "weights of \(origin(of: plan))"), pool: pool,
            options: options)
        switch initialization.weights {
        case .random: break
        case .recovered(let path): try model.recover(from: path)
        case .loaded(let path): try model.loadWeights(from: path, layout: layout(of: plan))
        }
        return model
    }

    /// The model whose random weights these are: a reference begins as the actor does.
    private func origin(of plan: ModelPlan) -> ModelName {
        guard case .transformer(let transformer) = plan.module, case .role(let role) = transformer.initialization else {
            return plan.name
        }
        return ModelName(role)
    }

    private func layout(of plan: ModelPlan) -> CheckpointLayout {
        if case .transformer(let transformer) = plan.module, case .folder = transformer.initialization {
            return .external
        }
        return .trial
    }
}
