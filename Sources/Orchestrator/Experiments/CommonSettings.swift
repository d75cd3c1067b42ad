import Protocol

/// Settings that several experiments share, by topic, so that a word means the same in all of them.
enum CommonSettings {
    static let trial: [Setting] = [
        Setting("seed", .integer(0...Int(Int32.max)), default: .integer(1), "seed of every random choice of the trial"),
        Setting(
            "workers.threads", .integer(0...1024), default: .integer(0),
            "threads of each model worker; 0: one a core (calls on different workers do not overlap)"),
        Setting(
            "checkpoint.every", .integer(1...1_000_000), default: .integer(20),
            "steps between two recovery checkpoints; the last step of a setup always has one"),
        Setting(
            "restart.limit", .integer(0...1000), default: .integer(10),
            "restarts within restart.window before the trial is given up; 0: the first failure ends it"),
        Setting(
            "restart.window", .number(1...86_400), default: .number(120), "seconds over which restarts are counted"),
        Setting(
            "restart.backoff", .number(0...3600), default: .number(0.5),
            "seconds before the first restart; doubles with each failure that follows too soon"),
        Setting(
            "stop.silence", .number(1...86_400), default: .number(30),
            "seconds without any movement after which a stop gives up waiting for a step and its save"),
        Setting(
            "stop.grace", .number(0...86_400), default: .number(0),
            "seconds between a signal to stop and the end by force where something else stops trials; 0: there is none"),
    ]

    static let dataset: [Setting] = [
        Setting(
            "dataset.path", .path, default: .text(""), "jsonl file with a prompt and an answer in each row",
            need: .required),
        Setting("dataset.eval_path", .path, default: .text(""), "held-out jsonl file; empty: no evaluation"),
        Setting(
            "dataset.bad_row", .choice(DatasetPlan.BadRow.allCases.map(\.rawValue)), default: .text("skip"),
            "what a broken row does: skip and count it, or fail the trial with its line number"),
        Setting(
            "dataset.bad_row_limit", .number(0...1), default: .number(0.05),
            "share of rows that may be left out; more end the start"),
        Setting(
            "dataset.max_length", .integer(0...1_048_576), default: .integer(0),
            "tokens of a row, with its answer where that trains; longer rows count as broken; 0: the model's context"),
    ]

    static let model: [Setting] =
        shape.map { $0.when(Condition("model.checkpoint", .isNotGiven)) } + [
            Setting(
                "model.checkpoint", .path, default: .text(""),
                "folder of a Hugging Face model to start from, with its shape and tokenizer; empty: random weights")
        ]

    /// A folder has a shape of its own.
    private static let shape: [Setting] = [
        Setting(
            "model.family", .choice(RegisteredNames.registered.modelFamilies), default: .text("gpt2"),
            "what the model is like: GPT-2, Llama or Qwen2"),
        Setting("model.width", .integer(8...65_536), default: .integer(256), "width of the hidden states"),
        Setting("model.layers", .integer(1...512), default: .integer(6), "transformer layers"),
        Setting("model.heads", .integer(1...512), default: .integer(8), "attention heads; must divide model.width"),
        Setting(
            "model.key_value_heads", .integer(0...512), default: .integer(0),
            "heads of keys and values, which query heads share (llama, qwen2); 0: one each"),
        Setting(
            "model.mlp_width", .integer(0...1_048_576), default: .integer(0), "width of the MLP; 0: the family's own"),
        Setting("model.context", .integer(8...1_048_576), default: .integer(128), "longest sequence in tokens"),
        Setting(
            "model.dropout", .number(0...0.9), default: .number(0),
            "share that supervised training drops: of embeddings, attention and residuals (gpt2), of attention (others)"
        ),
    ]

    private static let isEvaluated = Condition("dataset.eval_path", .isGiven)

    static let evaluation: [Setting] = [
        Setting(
            "eval.every", .integer(1...1_000_000), default: .integer(20), "steps between two evaluations",
            when: isEvaluated),
        Setting(
            "eval.rows", .integer(1...1_000_000), default: .integer(200), "held-out rows evaluated each time",
            when: isEvaluated),
    ]
}

extension [Setting] {
    /// The same settings with other defaults where `values` has any.
    func defaulting(_ values: [String: SettingValue]) -> [Setting] {
        map { setting in values[setting.path].map { setting.defaulting(to: $0) } ?? setting }
    }
}

extension Settings {
    /// The model the settings describe, initialised from the checkpoint they name.
    func transformerPlan(
        _ initialization: TransformerPlan.Initialization? = nil
    ) -> TransformerPlan {
        let folder = text("model.checkpoint")
        guard folder.isEmpty else {
            return TransformerPlan(shape: .folder(folder), initialization: initialization ?? .folder(folder))
        }
        func optional(_ key: String) -> Int? { integer(key) == 0 ? nil : integer(key) }
        return TransformerPlan(
            family: text("model.family"), contextLength: integer("model.context"), width: integer("model.width"),
            layers: integer("model.layers"), heads: integer("model.heads"),
            keyValueHeads: optional("model.key_value_heads"), mlpWidth: optional("model.mlp_width"),
            dropout: number("model.dropout"), initialization: initialization ?? .random)
    }

    func datasetPlan(_ pathKey: String, type: String = "prompt_answer") -> DatasetPlan {
        DatasetPlan(
            type: type, path: text(pathKey), maximumLength: integer("dataset.max_length"),
            badRow: DatasetPlan.BadRow(rawValue: text("dataset.bad_row")) ?? .skip,
            badRowLimit: number("dataset.bad_row_limit"))
    }

    /// The evaluation of the actor through `interface`; nil where no held-out file is named.
    func evaluationPlan(_ interface: InterfaceReference) -> EvaluationPlan? {
        guard !text("dataset.eval_path").isEmpty else { return nil }
        return EvaluationPlan(
            model: ModelName(.actor), interface: interface, dataset: datasetPlan("dataset.eval_path"),
            rows: integer("eval.rows"), everySteps: integer("eval.every"))
    }

    func modelWorkerPlans(_ count: Int) -> [ModelWorkerPlan] {
        Array(repeating: ModelWorkerPlan(threads: integer("workers.threads")), count: count)
    }
}
