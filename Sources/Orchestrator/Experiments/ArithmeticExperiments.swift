package import Protocol

/// What the arithmetic experiments change of the recipes they build on: a tiny model, a small task, its generated data.
private let arithmeticDefaults: [String: SettingValue] = [
    "dataset.path": .text("$COCKPIT_HOME/data/arithmetic/train.jsonl"),
    "dataset.eval_path": .text("$COCKPIT_HOME/data/arithmetic/heldout.jsonl"),
    "dataset.max_length": .integer(32),
    "model.width": .integer(128),
    "model.layers": .integer(4),
    "model.heads": .integer(4),
    "model.context": .integer(32),
    "sft.steps": .integer(210),
    "sft.batch_size": .integer(128),
    "grpo.steps": .integer(420),
    // Four updates a rollout and a rate that falls to nothing: steady to the end, measured against one update and a
    // constant rate, which oscillate between 0.83 and 0.93.
    "grpo.n_minibatches": .integer(4),
    "grpo.lr": .number(1.5e-4),
    "grpo.kl_ctl": .number(0.01),
    "grpo.schedule": .text("linear"),
    "eval.rows": .integer(500),
    "grpo.prompts": .integer(64),
    "grpo.group_size": .integer(8),
    "grpo.max_new_tokens": .integer(8),
    "eval.max_new_tokens": .integer(8),
]

/// Writes the generated rows where the default points to them and they are not there yet.
private func makeArithmeticData(_ settings: Settings, _ home: HomeFolder) throws {
    let folder = "\(home.data)/arithmetic"
    guard settings.text("dataset.path") == "\(folder)/train.jsonl", !FolderFiles.exists("\(folder)/train.jsonl") else {
        return
    }
    _ = try ArithmeticData.write(to: folder, seed: ArithmeticData.seed, heldOutRows: ArithmeticData.heldOutRows)
}

/// `sft` on two-digit additions: a first run without any data of one's own.
package struct ArithmeticSFTExperiment: Experiment {
    package let name = "sft-arith"
    package let summary = "supervised fine-tuning of a tiny model on two-digit additions"

    package init() {}

    package var settings: [Setting] { SFTExperiment().settings.defaulting(arithmeticDefaults) }

    package func plan(_ settings: Settings, id: TrialID) throws(ConfigurationError) -> TrialPlan {
        try SFTExperiment().plan(settings, id: id)
    }

    package func prepare(_ settings: Settings, home: HomeFolder) throws { try makeArithmeticData(settings, home) }
}

/// `grpo` on two-digit additions: SFT until a third of the answers are right, then GRPO does the rest.
package struct ArithmeticGRPOExperiment: Experiment {
    package let name = "grpo-arith"
    package let summary = "SFT, then GRPO of a tiny model on two-digit additions: the demo"

    package init() {}

    package var settings: [Setting] { GRPOExperiment().settings.defaulting(arithmeticDefaults) }

    package func plan(_ settings: Settings, id: TrialID) throws(ConfigurationError) -> TrialPlan {
        try GRPOExperiment().plan(settings, id: id)
    }

    package func prepare(_ settings: Settings, home: HomeFolder) throws { try makeArithmeticData(settings, home) }
}
