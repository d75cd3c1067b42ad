import Compute
import Protocol

/// Makes the models of a setup from their plans.
struct ModelFactory {
    let seed: UInt64
    let tokenizer: CharacterTokenizer
    let pool: ThreadPool

    /// The shape of a model; nil for a rule.
    func spec(of plan: ModelPlan) throws -> ModelSpec? {
        guard case .transformer(let transformer) = plan.module else { return nil }
        guard transformer.family == "gpt2" else {
            throw WorkerError(
                .plan,
                "unknown model family '\(transformer.family)'."
                    + Suggestion.phrase(for: transformer.family, among: ["gpt2"]))
        }
        return .gpt2(
            vocabularySize: tokenizer.vocabularySize, contextLength: transformer.contextLength,
            width: transformer.width, layers: transformer.layers, heads: transformer.heads)
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
            clipNorm: plan.clipNorm == 0 ? .infinity : Float(plan.clipNorm), schedule: schedule, warmupSteps: plan.warmupSteps,
            totalSteps: Int(clamping: initialize.totalSteps))
    }
}
