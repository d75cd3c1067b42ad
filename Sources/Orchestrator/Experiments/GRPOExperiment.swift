package import Protocol
import Workers

/// Group-relative policy optimisation with a rule-based verifier, after optional supervised fine-tuning.
package struct GRPOExperiment: Experiment {
    package let name = "grpo"
    package let summary = "GRPO of a small language model with a verifier reward, after optional SFT"

    package init() {}

    package var settings: [Setting] {
        CommonSettings.dataset + SFTExperiment.ownSettings(steps: 0, fewestSteps: 0) + Self.ownSettings
            + CommonSettings.model + CommonSettings.evaluation
            + [
                Setting(
                    "workers.model_workers", .integer(1...2), default: .integer(2),
                    "model workers; with two, the second holds reference and reward")
            ] + CommonSettings.trial
    }

    private static let ownSettings: [Setting] =
        [
            Setting("grpo.steps", .integer(1...100_000_000), default: .integer(200), "steps of GRPO"),
            Setting("grpo.prompts", .integer(1...1_048_576), default: .integer(32), "prompts of one step"),
        ] + GRPOActorInterface.arguments.settings(under: "grpo") + CommonSettings.training("grpo")
        + VerifierRewardInterface.arguments.settings(under: "reward")

    package func plan(_ settings: Settings, id: TrialID) throws(ConfigurationError) -> TrialPlan {
        var setups = [setup(settings)]
        if settings.integer("sft.steps") > 0 {
            setups.insert(SFTExperiment.setup(settings, evaluation: "grpo"), at: 0)
        }
        return TrialPlan(
            id: id, seed: UInt64(settings.integer("seed")),
            modelWorkers: settings.modelWorkerPlans(settings.integer("workers.model_workers")), setups: setups)
    }

    private func setup(_ settings: Settings) -> SetupPlan {
        SetupPlan(
            name: "grpo", steps: settings.integer("grpo.steps"), models: models(settings), calls: Self.calls(settings),
            dataset: settings.datasetPlan("dataset.path", type: "prompt"),
            evaluation: settings.evaluationPlan(settings.interface(GRPOActorInterface.self, under: "grpo")),
            checkpointEverySteps: settings.integer("checkpoint.every"))
    }

    private func models(_ settings: Settings) -> [ModelPlan] {
        let other = settings.integer("workers.model_workers") - 1
        let hasSFT = settings.integer("sft.steps") > 0
        // After SFT the actor goes on from its newest weights; alone it starts from what the settings name.
        let actor = settings.transformerPlan(hasSFT ? .role(.actor) : nil)
        // The reference is what the actor is when the setup begins.
        let reference = actor.initialization == .random ? settings.transformerPlan(.role(.actor)) : actor
        return [
            ModelPlan(
                shard: ModelShardID(ModelName(.actor)), worker: 0, module: .transformer(actor),
                options: settings.modelOptions("grpo"), optimizer: settings.optimizer("grpo")),
            // In the actor's precision: otherwise they would diverge before the first update.
            ModelPlan(
                shard: ModelShardID(ModelName(.reference)), worker: other, module: .transformer(reference),
                options: settings.modelOptions("grpo")),
            ModelPlan(shard: ModelShardID(ModelName(.reward)), worker: other, module: .tokenizerOnly),
        ]
    }

    private static func calls(_ settings: Settings) -> [ModelFunctionCall] {
        let interface = settings.interface(GRPOActorInterface.self, under: "grpo")
        let reward = settings.interface(VerifierRewardInterface.self, under: "reward")
        let prompts = settings.integer("grpo.prompts"), microBatches = settings.microBatches("grpo")
        return [
            ModelFunctionCall(
                name: "actor_gen", interfaceType: .generate, interface: interface, model: ModelName(.actor),
                inputKeys: [.packedPrompts],
                outputKeys: [.packedInputIDs, .packedLogProbabilities, .promptMask, .sequenceNoEOSMask],
                sequences: prompts),
            ModelFunctionCall(
                name: "rew_inf", interfaceType: .inference, interface: reward,
                model: ModelName(.reward), inputKeys: [.packedInputIDs, .promptMask, .packedAnswers],
                outputKeys: [.rewards], sequences: prompts),
            ModelFunctionCall(
                name: "ref_inf", interfaceType: .inference, interface: interface, model: ModelName(.reference),
                inputKeys: [.packedInputIDs], outputKeys: [.packedReferenceLogProbabilities],
                outputKeyRemap: [.packedLogProbabilities: .packedReferenceLogProbabilities], sequences: prompts,
                microBatches: microBatches),
            ModelFunctionCall(
                name: "actor_train", interfaceType: .trainStep, interface: interface, model: ModelName(.actor),
                inputKeys: [
                    .packedInputIDs, .packedLogProbabilities, .promptMask, .sequenceNoEOSMask, .rewards,
                    .packedReferenceLogProbabilities,
                ], sequences: prompts, microBatches: microBatches),
        ]
    }
}
