package import Protocol
import Workers

/// Supervised fine-tuning: one train step over prompts with their answers.
package struct SFTExperiment: Experiment {
    package let name = "sft"
    package let summary = "supervised fine-tuning of a small language model on prompts and answers"

    package init() {}

    package var settings: [Setting] {
        CommonSettings.dataset + Self.ownSettings(steps: 300, fewestSteps: 1) + CommonSettings.model
            + CommonSettings.evaluation + SupervisedInterface.arguments.settings(under: "eval") + CommonSettings.trial
    }

    package func plan(_ settings: Settings, id: TrialID) throws(ConfigurationError) -> TrialPlan {
        TrialPlan(
            id: id, seed: UInt64(settings.integer("seed")), modelWorkers: settings.modelWorkerPlans(1),
            setups: [Self.setup(settings, evaluation: "eval")])
    }

    static func ownSettings(steps: Int, fewestSteps: Int) -> [Setting] {
        [
            Setting(
                "sft.steps", .integer(fewestSteps...100_000_000), default: .integer(steps),
                fewestSteps == 0 ? "updates of supervised fine-tuning first; 0: none" : "updates"),
            Setting("sft.batch_size", .integer(1...1_048_576), default: .integer(32), "rows of one update"),
        ] + CommonSettings.training("sft").defaulting(["sft.lr": 1e-3])
    }

    /// The setup, also used as the first of GRPO's two.
    /// - Parameter evaluation: the group of settings that says how long an answer may be in an evaluation.
    static func setup(_ settings: Settings, evaluation: String) -> SetupPlan {
        let interface = settings.interface(SupervisedInterface.self, under: evaluation)
        let actor = ModelPlan(
            shard: ModelShardID(ModelName(.actor)), worker: 0, module: .transformer(settings.transformerPlan()),
            options: settings.modelOptions("sft"), optimizer: settings.optimizer("sft"))
        let train = ModelFunctionCall(
            name: "actor_train", interfaceType: .trainStep, interface: interface, model: ModelName(.actor),
            inputKeys: [.packedInputIDs, .promptMask], sequences: settings.integer("sft.batch_size"),
            microBatches: settings.microBatches("sft"))
        return SetupPlan(
            name: "sft", steps: settings.integer("sft.steps"), models: [actor], calls: [train],
            dataset: settings.datasetPlan("dataset.path"), evaluation: settings.evaluationPlan(interface),
            checkpointEverySteps: settings.integer("checkpoint.every"))
    }
}
