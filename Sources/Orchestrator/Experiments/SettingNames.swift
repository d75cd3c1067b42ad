import Protocol

/// What the numbers of a setup are called by who sets them: a setup has the name of the settings that it is made of, and
/// an interface keeps that of its own.
struct SettingNames {
    /// Sequences of one step.
    let batch: String
    /// Tokens of a micro-batch.
    let microBatchTokens: String
    /// Tokens behind a prompt.
    let newTokens: String
    /// The same in an evaluation.
    let evaluatedTokens: String

    init(of setup: SetupPlan) {
        let generation = setup.calls.first { $0.interfaceType == .generate }
        batch = generation == nil ? "\(setup.name).batch_size" : "\(setup.name).prompts"
        microBatchTokens = "\(setup.name).max_tokens_per_mb"
        newTokens = "\(generation?.interface.arguments.group ?? setup.name).max_new_tokens"
        evaluatedTokens = "\(setup.evaluation?.interface.arguments.group ?? setup.name).max_new_tokens"
    }
}
