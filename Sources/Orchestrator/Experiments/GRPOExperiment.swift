package import Protocol

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
            Setting("grpo.steps", .integer(1...100_000_000), default: .integer(200), "updates of GRPO"),
            Setting("grpo.prompts", .integer(1...1_048_576), default: .integer(32), "prompts of one step"),
            Setting("grpo.group_size", .integer(2...4096), default: .integer(8), "answers sampled for each prompt"),
            Setting(
                "grpo.n_minibatches", .integer(1...4096), default: .integer(1),
                "optimiser updates the batch is cut into"),
            Setting(
                "grpo.eps_clip", .number(0...1), default: .number(0.2), "how far a probability ratio may move from 1"),
            Setting("grpo.kl_ctl", .number(0...100), default: .number(0.01), "weight of the KL term to the reference"),
            Setting(
                "grpo.temperature", .number(0.01...100), default: .number(1),
                "temperature of sampling, and of the distribution that trains"),
            Setting(
                "grpo.top_k", .integer(0...1_000_000), default: .integer(0), "sample among this many tokens; 0: all"),
            Setting("grpo.top_p", .number(0.01...1), default: .number(1), "sample among this much probability"),
            Setting("grpo.max_new_tokens", .integer(1...65_536), default: .integer(32), "tokens of one answer"),
        ] + CommonSettings.optimizer("grpo", learningRate: 2e-4)

    package func plan(_ settings: Settings, id: TrialID) throws(ConfigurationError) -> TrialPlan {
        let maximumNewTokens = settings.integer("grpo.max_new_tokens")
        var setups = [try setup(settings)]
        if settings.integer("sft.steps") > 0 {
            setups.insert(try SFTExperiment.setup(settings, evaluationTokens: maximumNewTokens), at: 0)
        }
        return TrialPlan(
            id: id, seed: UInt64(settings.integer("seed")),
            modelWorkers: settings.modelWorkerPlans(settings.integer("workers.model_workers")), setups: setups)
    }

    private func setup(_ settings: Settings) throws(ConfigurationError) -> SetupPlan {
        let interface = InterfaceReference("grpo_actor", arguments: Self.arguments(settings))
        return SetupPlan(
            name: "grpo", steps: settings.integer("grpo.steps"), models: try models(settings),
            calls: Self.calls(
                interface, prompts: settings.integer("grpo.prompts"), settings.microBatches("grpo")),
            dataset: settings.datasetPlan("dataset.path", type: "prompt"),
            evaluation: settings.evaluationPlan(interface),
            checkpointEverySteps: settings.integer("checkpoint.every"))
    }

    private static func arguments(_ settings: Settings) -> [String: SettingValue] {
        let names = [
            "group_size", "n_minibatches", "eps_clip", "kl_ctl", "temperature", "top_k", "top_p", "max_new_tokens",
        ]
        return Dictionary(uniqueKeysWithValues: names.map { ($0, settings["grpo.\($0)"]) })
    }

    private func models(_ settings: Settings) throws(ConfigurationError) -> [ModelPlan] {
        let other = settings.integer("workers.model_workers") - 1
        let hasSFT = settings.integer("sft.steps") > 0
        // After SFT the actor goes on from its newest weights; alone it starts from what the settings name.
        let actor = settings.transformerPlan(hasSFT ? .role(.actor) : nil)
        // The reference is what the actor is when the setup begins.
        let reference = actor.initialization == .random ? settings.transformerPlan(.role(.actor)) : actor
        return [
            ModelPlan(
                shard: ModelShardID(ModelName(.actor)), worker: 0, module: .transformer(actor),
                optimizer: try settings.optimizerPlan("grpo")),
            ModelPlan(
                shard: ModelShardID(ModelName(.reference)), worker: other,
                module: .transformer(reference)),
            ModelPlan(shard: ModelShardID(ModelName(.reward)), worker: other, module: .tokenizerOnly),
        ]
    }

    private static func calls(
        _ interface: InterfaceReference, prompts: Int, _ microBatches: MicroBatchSpec
    ) -> [ModelFunctionCall] {
        [
            ModelFunctionCall(
                name: "actor_gen", interfaceType: .generate, interface: interface, model: ModelName(.actor),
                inputKeys: ["packed_prompts"],
                outputKeys: ["packed_input_ids", "packed_logprobs", "prompt_mask", "seq_no_eos_mask"],
                sequences: prompts),
            ModelFunctionCall(
                name: "rew_inf", interfaceType: .inference, interface: InterfaceReference("verifier_reward"),
                model: ModelName(.reward), inputKeys: ["packed_input_ids", "prompt_mask", "packed_answers"],
                outputKeys: ["rewards"], sequences: prompts),
            ModelFunctionCall(
                name: "ref_inf", interfaceType: .inference, interface: interface, model: ModelName(.reference),
                inputKeys: ["packed_input_ids"], outputKeys: ["packed_ref_logprobs"],
                outputKeyRemap: ["packed_logprobs": "packed_ref_logprobs"], sequences: prompts,
                microBatches: microBatches),
            ModelFunctionCall(
                name: "actor_train", interfaceType: .trainStep, interface: interface, model: ModelName(.actor),
                inputKeys: [
                    "packed_input_ids", "packed_logprobs", "prompt_mask", "seq_no_eos_mask", "rewards",
                    "packed_ref_logprobs",
                ], sequences: prompts, microBatches: microBatches),
        ]
    }
}
