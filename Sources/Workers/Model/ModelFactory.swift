import Compute
import Protocol

/// Makes the models of a setup from their plans.
package struct ModelFactory {
    let seed: UInt64
    let tokenizer: CharacterTokenizer
    let pool: ThreadPool

    /// The model families a plan may name.
    package static let families = ModelFamilies.all.map(\.name)

    /// The shape of a model; nil for a rule.
    func spec(of plan: ModelPlan) throws -> ModelSpec? {
        guard case .transformer(let transformer) = plan.module else { return nil }
        switch transformer.shape {
        case .folder(let path): return try Checkpoint.openExternal(path).spec
        case .sizes(let sizes): return try spec(of: sizes)
        }
    }

    private func spec(of sizes: TransformerSizes) throws -> ModelSpec {
        let family = try ModelFamilies.named(sizes.family)
        return family.spec(
            of: ModelSizes(
                vocabularySize: tokenizer.vocabularySize, contextLength: sizes.contextLength, width: sizes.width,
                layers: sizes.layers, heads: sizes.heads, keyValueHeads: sizes.keyValueHeads, mlpWidth: sizes.mlpWidth))
    }

    /// The model with the weights that `initialize` asks for.
    func model(_ plan: ModelPlan, _ initialize: WireInitializeRequest, step: UInt64) throws -> WorkerModel {
        guard let spec = try spec(of: plan) else { return WorkerModel(rule: plan.name, tokenizer: tokenizer) }
        let model = try WorkerModel(
            plan.name, spec: spec, optimizer: plan.optimizer.map { options($0, initialize) }, tokenizer: tokenizer,
            seed: Seed.derived(from: seed, "weights of \(plan.name)"), pool: pool)
        model.weightVersion = step
        if !initialize.recoverPath.isEmpty {
            try model.recover(from: initialize.recoverPath)
        } else if !initialize.weightsPath.isEmpty {
            try model.loadWeights(from: initialize.weightsPath, layout: layout(of: plan))
        }
        return model
    }

    private func layout(of plan: ModelPlan) -> CheckpointLayout {
        if case .transformer(let transformer) = plan.module, case .folder = transformer.initialization {
            return .external
        }
        return .trial
    }

    private func options(_ plan: OptimizerPlan, _ initialize: WireInitializeRequest) -> OptimizerOptions {
        let schedule: ScheduleKind =
            switch plan.schedule {
            case .constant: .constant
            case .linear: .linear
            case .cosine: .cosine
            }
        return OptimizerOptions(
            learningRate: Float(plan.learningRate), weightDecay: Float(plan.weightDecay),
            clipNorm: Float(plan.clipNorm), schedule: schedule, warmupSteps: plan.warmupSteps,
            totalSteps: Int(clamping: initialize.totalSteps))
    }
}
