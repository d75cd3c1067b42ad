import Protocol
import TestSupport

/// Plans with everything in them, one written down and any number drawn.
enum SomePlans {
    static let full: TrialPlan = {
        let rows = DatasetPlan(type: "jsonl", path: "/d/prompts ü.jsonl", maximumLength: 64, badRow: .skip)
        var marked = rows
        marked.fingerprint = FileFingerprint(bytes: 5_000_000_000, crc32: .max)
        let actor = ModelPlan(
            shard: ModelShardID(ModelName(.actor)), worker: 0, module: .transformer(sizes(.random)),
            options: ["precision": "bf16"],
            optimizer: GivenArguments(
                ["lr": 3e-4, "clip_norm": 1.0, "skip_limit": 3, "use_rslora": true], group: "sft"))
        let reference = ModelPlan(
            shard: ModelShardID(ModelName(.reference)), worker: 1, module: .transformer(sizes(.role(.actor))))
        let reward = ModelPlan(shard: ModelShardID(ModelName(.reward)), worker: 1, module: .tokenizerOnly)
        let train = ModelFunctionCall(
            name: "actor_train", interfaceType: .trainStep,
            interface: InterfaceReference("grpo_actor", arguments: ["kl": .number(0.05), "group": .integer(8)]),
            model: ModelName(.actor), inputKeys: ["packed_input_ids"], outputKeys: ["loss"],
            inputKeyRemap: ["packed_ref_logprobs": "logprobs", "a": "b"], outputKeyRemap: ["x": "loss"],
            sequences: 16, microBatches: MicroBatchSpec(minimumCount: 2, maximumTokens: 4096))
        func setup(_ name: String, steps: Int) -> SetupPlan {
            SetupPlan(
                name: name, steps: steps, models: [actor, reference, reward], calls: [train], dataset: marked,
                evaluation: EvaluationPlan(
                    model: ModelName(.actor), interface: InterfaceReference("grpo_actor"), dataset: rows, rows: 100,
                    everySteps: 10),
                checkpointEverySteps: 5)
        }
        return TrialPlan(
            id: id, seed: .max, modelWorkers: [ModelWorkerPlan(threads: 2), ModelWorkerPlan(threads: 1)],
            setups: [setup("sft", steps: 30), setup("none", steps: 0), setup("grpo", steps: 200)])
    }()

    private static var id: TrialID {
        guard let experiment = try? ExperimentName("grpo-arith"), let trial = try? TrialName("first") else {
            preconditionFailure("the names are valid")
        }
        return TrialID(experiment: experiment, trial: trial)
    }

    static func sizes(_ initialization: TransformerPlan.Initialization) -> TransformerPlan {
        TransformerPlan(
            family: "gpt2", contextLength: 64, width: 32, layers: 2, heads: 4, initialization: initialization)
    }
}

extension SomePlans {
    /// A plan of any shape that the wire can say; most of them no sane trial.
    static func drawn(_ random: inout SplitMix) -> TrialPlan {
        let workers = Int.random(in: 1...3, using: &random)
        return TrialPlan(
            id: id, seed: random.next(),
            modelWorkers: (0..<workers).map { _ in ModelWorkerPlan(threads: .random(in: 0...4096, using: &random)) }
                + some(&random) { ModelWorkerPlan(threads: 1, group: word(&$0)) },
            setups: some(&random) { setup(workers, &$0) })
    }

    private static func some<Value>(_ random: inout SplitMix, _ make: (inout SplitMix) -> Value) -> [Value] {
        (0..<Int.random(in: 0...3, using: &random)).map { _ in make(&random) }
    }

    private static func perhaps<Value>(_ random: inout SplitMix, _ make: (inout SplitMix) -> Value) -> Value? {
        Bool.random(using: &random) ? make(&random) : nil
    }

    private static func count(_ random: inout SplitMix, from least: Int = 1) -> Int {
        [least, least + 1, 1000, Int(Int32.max)].randomElement(using: &random) ?? least
    }

    private static func word(_ random: inout SplitMix) -> String {
        ["a", "actor_train", "ü 训 👍", "a\nb\u{0}", "/x/y z", "0", "true"].randomElement(using: &random) ?? "a"
    }

    private static func setup(_ workers: Int, _ random: inout SplitMix) -> SetupPlan {
        SetupPlan(
            name: word(&random), steps: count(&random, from: 0), models: some(&random) { model(workers, &$0) },
            calls: some(&random, call), dataset: dataset(&random), evaluation: perhaps(&random, evaluation),
            checkpointEverySteps: count(&random))
    }

    private static func name(_ random: inout SplitMix) -> ModelName {
        ModelName(ModelRole(word(&random)), replica: count(&random, from: 0))
    }

    private static func model(_ workers: Int, _ random: inout SplitMix) -> ModelPlan {
        ModelPlan(
            shard: ModelShardID(
                name(&random), pipeline: count(&random, from: 0), data: count(&random, from: 0),
                tensor: count(&random, from: 0)),
            worker: .random(in: 0..<workers, using: &random),
            module: perhaps(&random, transformer).map(ModelPlan.Module.transformer) ?? .tokenizerOnly,
            options: arguments(&random), optimizer: perhaps(&random, arguments))
    }

    private static func transformer(_ random: inout SplitMix) -> TransformerPlan {
        let origins: [TransformerPlan.Initialization] = [
            .random, .folder(word(&random)), .role(ModelRole(word(&random))),
        ]
        let sizes = TransformerSizes(
            family: word(&random), contextLength: count(&random), width: count(&random), layers: count(&random),
            heads: count(&random), keyValueHeads: count(&random), mlpWidth: perhaps(&random) { count(&$0) },
            dropout: .random(in: 0...1, using: &random))
        return TransformerPlan(
            shape: perhaps(&random, word).map(TransformerPlan.Shape.folder) ?? .sizes(sizes),
            initialization: origins.randomElement(using: &random) ?? .random)
    }

    private static func arguments(_ random: inout SplitMix) -> GivenArguments {
        var given = GivenArguments(group: perhaps(&random, word) ?? "")
        for _ in 0..<Int.random(in: 0...3, using: &random) { given[word(&random)] = value(&random) }
        return given
    }

    private static func value(_ random: inout SplitMix) -> SettingValue {
        let number = Double(bitPattern: random.next())
        let values: [SettingValue] = [
            .integer(Int(truncatingIfNeeded: random.next())), .number(number.isFinite ? number : 1),
            .text(word(&random)),
            .text(""), .boolean(.random(using: &random)),
        ]
        return values.randomElement(using: &random) ?? 1
    }

    private static func call(_ random: inout SplitMix) -> ModelFunctionCall {
        func keys() -> [SequenceKey] { some(&random) { SequenceKey(word(&$0)) } }
        func remap() -> [SequenceKey: SequenceKey] { Dictionary(zip(keys(), keys())) { first, _ in first } }
        return ModelFunctionCall(
            name: word(&random), interfaceType: InterfaceType.allCases.randomElement(using: &random) ?? .generate,
            interface: InterfaceReference(word(&random), arguments: arguments(&random)), model: name(&random),
            inputKeys: keys(), outputKeys: keys(), inputKeyRemap: remap(), outputKeyRemap: remap(),
            sequences: count(&random),
            microBatches: MicroBatchSpec(
                minimumCount: count(&random), maximumTokens: perhaps(&random) { count(&$0) }))
    }

    private static func dataset(_ random: inout SplitMix) -> DatasetPlan {
        var plan = DatasetPlan(
            type: word(&random), path: word(&random), maximumLength: count(&random, from: 0),
            badRow: DatasetPlan.BadRow.allCases.randomElement(using: &random) ?? .skip,
            badRowLimit: .random(in: 0...1, using: &random))
        plan.fingerprint = perhaps(&random) {
            FileFingerprint(bytes: .random(in: 0...Int.max, using: &$0), crc32: .random(in: 0...UInt32.max, using: &$0))
        }
        return plan
    }

    private static func evaluation(_ random: inout SplitMix) -> EvaluationPlan {
        EvaluationPlan(
            model: name(&random), interface: InterfaceReference(word(&random), arguments: arguments(&random)),
            dataset: dataset(&random), rows: count(&random), everySteps: count(&random))
    }
}
