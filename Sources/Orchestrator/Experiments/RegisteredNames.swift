package import Protocol

/// What plans may name: interfaces, datasets with the keys they offer, and how a call is checked against its interface.
package struct RegisteredNames: Sendable {
    package var interfaces: [String]
    package var datasetKeys: [String: Set<SequenceKey>]
    /// Throws when the interface of a call does not serve it: its type, its arguments, its keys.
    package var checkCall: @Sendable (ModelFunctionCall) throws -> Void

    package init(
        interfaces: [String], datasetKeys: [String: Set<SequenceKey>],
        checkCall: @escaping @Sendable (ModelFunctionCall) throws -> Void = { _ in }
    ) {
        self.interfaces = interfaces
        self.datasetKeys = datasetKeys
        self.checkCall = checkCall
    }

    /// What this build can run.
    package static let registered = RegisteredNames(
        interfaces: ["sft", "grpo_actor", "verifier_reward"],
        datasetKeys: [
            "prompt": ["packed_prompts", "packed_answers"],
            "prompt_answer": ["packed_input_ids", "prompt_mask"],
        ])
}
