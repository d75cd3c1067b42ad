import Protocol

@testable import Workers

/// A trial small enough for a test: a supervised setup, then a policy setup, on two model workers.
enum TinyTrial {
    static let rows = (0..<8).map { "{\"prompt\": \"\($0)+1=\", \"answer\": \"\($0 + 1)\"}" }

    static func plan(
        train: String, heldOut: String, supervisedSteps: Int = 3, policySteps: Int = 2, batch: Int = 4,
        checkpointEverySteps: Int = 100, badRow: DatasetPlan.BadRow = .skip
    ) -> TrialPlan {
        let evaluation = EvaluationPlan(
            model: ModelName(.actor), interface: InterfaceReference("sft", arguments: ["max_new_tokens": .integer(3)]),
            dataset: dataset("prompt_answer", heldOut), rows: 3, everySteps: 2)
        var supervised = SetupPlan(
            name: "sft", steps: supervisedSteps,
            models: [actor(.random)], calls: [supervisedCall(batch)], dataset: dataset("prompt_answer", train),
            evaluation: evaluation, checkpointEverySteps: checkpointEverySteps)
        supervised.dataset.badRow = badRow
        let policy = SetupPlan(
            name: "grpo", steps: policySteps,
            models: [
                actor(.role(.actor)),
                ModelPlan(
                    shard: ModelShardID(ModelName(.reference)), worker: 1, module: module(.role(.actor))),
                ModelPlan(shard: ModelShardID(ModelName(.reward)), worker: 1, module: .tokenizerOnly),
            ],
            calls: policyCalls(batch), dataset: dataset("prompt", train), evaluation: evaluation,
            checkpointEverySteps: checkpointEverySteps)
        return TrialPlan(
            id: id, seed: 11, modelWorkers: [ModelWorkerPlan(threads: 1), ModelWorkerPlan(threads: 1)],
            setups: policySteps > 0 ? [supervised, policy] : [supervised])
    }

    private static var id: TrialID {
        guard let experiment = try? ExperimentName("tiny"), let trial = try? TrialName("test") else {
            preconditionFailure("the names are valid")
        }
        return TrialID(experiment: experiment, trial: trial)
    }

    private static func dataset(_ type: String, _ path: String) -> DatasetPlan {
        DatasetPlan(type: type, path: path, maximumLength: 16, badRow: .skip, badRowLimit: 0.25)
    }

    private static func module(_ initialization: TransformerPlan.Initialization) -> ModelPlan.Module {
        .transformer(
            TransformerPlan(
                family: "gpt2", contextLength: 16, width: 16, layers: 1, heads: 2, initialization: initialization))
    }

    private static func actor(_ initialization: TransformerPlan.Initialization) -> ModelPlan {
        ModelPlan(
            shard: ModelShardID(ModelName(.actor)), worker: 0, module: module(initialization),
            optimizer: ["lr": 1e-2])
    }

    static func supervisedCall(_ batch: Int) -> ModelFunctionCall {
        ModelFunctionCall(
            name: "sft_train", interfaceType: .trainStep, interface: InterfaceReference("sft"),
            model: ModelName(.actor), inputKeys: [.packedInputIDs, .promptMask], sequences: batch)
    }

    static func policyCalls(_ batch: Int) -> [ModelFunctionCall] {
        let actor = InterfaceReference(
            "grpo_actor",
            arguments: [
                "group_size": .integer(3), "max_new_tokens": .integer(3), "n_minibatches": .integer(2),
                "kl_ctl": .number(0.1),
            ])
        return [
            ModelFunctionCall(
                name: "actor_gen", interfaceType: .generate, interface: actor, model: ModelName(.actor),
                inputKeys: [.packedPrompts],
                outputKeys: [.packedInputIDs, .promptMask, .packedLogProbabilities, .sequenceNoEOSMask],
                sequences: batch),
            ModelFunctionCall(
                name: "ref_inf", interfaceType: .inference, interface: actor, model: ModelName(.reference),
                inputKeys: [.packedInputIDs], outputKeys: [.packedReferenceLogProbabilities],
                outputKeyRemap: [.packedLogProbabilities: .packedReferenceLogProbabilities], sequences: batch),
            ModelFunctionCall(
                name: "rew_inf", interfaceType: .inference,
                interface: InterfaceReference("verifier_reward", arguments: ["partial_credit": .number(0.5)]),
                model: ModelName(.reward), inputKeys: [.packedInputIDs, .promptMask, .packedAnswers],
                outputKeys: [.rewards], sequences: batch),
            ModelFunctionCall(
                name: "actor_train", interfaceType: .trainStep, interface: actor, model: ModelName(.actor),
                inputKeys: [
                    .packedInputIDs, .promptMask, .packedLogProbabilities, .packedReferenceLogProbabilities, .rewards,
                    .sequenceNoEOSMask,
                ], sequences: batch),
        ]
    }
}
