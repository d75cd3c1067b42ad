package import Protocol

/// Supervised fine-tuning: one train step over prompts with their answers.
package struct SFTExperiment: Experiment {
    package let name = "sft"
    package let summary = "supervised fine-tuning of a small language model on prompts and answers"

    package init() {}

    package var settings: [Setting] {
        CommonSettings.dataset + Self.ownSettings(steps: 300, fewestSteps: 1) + CommonSettings.model
            + CommonSettings.evaluation
            + [
                Setting(
                    "eval.max_new_tokens", .integer(1...65_536), default: .integer(32),
                    "tokens of a greedy answer in an evaluation")
            ] + CommonSettings.trial
    }

    package func plan(_ settings: Settings, id: TrialID) throws(ConfigurationError) -> TrialPlan {
        let maximumNewTokens = settings.integer("eval.max_new_tokens")
        return TrialPlan(
            id: id, seed: UInt64(settings.integer("seed")), modelWorkers: settings.modelWorkerPlans(1),
            setups: [try Self.setup(settings, evaluationTokens: maximumNewTokens)])
    }

    static func ownSettings(steps: Int, fewestSteps: Int) -> [Setting] {
        [
            Setting(
                "sft.steps", .integer(fewestSteps...100_000_000), default: .integer(steps),
                fewestSteps == 0 ? "updates of supervised fine-tuning first; 0: none" : "updates"),
            Setting("sft.batch_size", .integer(1...1_048_576), default: .integer(32), "rows of one update"),
        ] + CommonSettings.optimizer("sft", learningRate: 1e-3)
    }

    /// The setup, also used as the first of GRPO's two.
    static func setup(_ settings: Settings, evaluationTokens: Int) throws(ConfigurationError) -> SetupPlan {
        let interface = InterfaceReference("sft", arguments: ["max_new_tokens": .integer(evaluationTokens)])
        let actor = ModelPlan(
            shard: ModelShardID(ModelName(.actor)), worker: 0, module: .transformer(settings.transformerPlan()),
            optimizer: try settings.optimizerPlan("sft"))
        let train = ModelFunctionCall(
            name: "actor_train", interfaceType: .trainStep, interface: interface, model: ModelName(.actor),
            inputKeys: ["packed_input_ids", "prompt_mask"], sequences: settings.integer("sft.batch_size"),
            microBatches: settings.microBatches("sft"))
        return SetupPlan(
            name: "sft", steps: settings.integer("sft.steps"), models: [actor], calls: [train],
            dataset: settings.datasetPlan("dataset.path"), evaluation: settings.evaluationPlan(interface),
            checkpointEverySteps: settings.integer("checkpoint.every"))
    }
}
