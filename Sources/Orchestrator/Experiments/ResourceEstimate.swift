import Protocol

/// A lower bound of what a setup needs: parameters only, so a plan it refuses cannot work.
struct ResourceEstimate: Equatable {
    /// Bytes of weights, gradients and optimizer moments on all workers together.
    private(set) var memory = 0
    /// Bytes of the recovery checkpoints that exist at one time: the newest, and the one being written.
    private(set) var disk = 0

    /// The tokenizer's vocabulary is not known before a worker reads it; the smallest counts here.
    private static let smallestVocabulary = 96
    private static let bytesOfNumber = 4

    init(_ setup: SetupPlan) {
        for model in setup.models {
            // The size of a model in a folder is known to the worker that opens it.
            guard case .transformer(let transformer) = model.module, case .sizes(let sizes) = transformer.shape else {
                continue
            }
            let bytes = Self.parameters(of: sizes) * Self.bytesOfNumber
            // AdamW keeps weights, gradients and two moments; a checkpoint holds all but the gradients.
            memory += model.optimizer == nil ? bytes : 4 * bytes
            disk += model.optimizer == nil ? 0 : 2 * 3 * bytes
        }
    }

    static func parameters(of sizes: TransformerSizes) -> Int {
        let width = sizes.width
        let attention = 2 * width * width + 2 * width * (width / sizes.heads * sizes.keyValueHeads)
        let mlp = 2 * width * (sizes.mlpWidth ?? 4 * width)
        return sizes.layers * (attention + mlp + 13 * width) + (sizes.contextLength + smallestVocabulary + 2) * width
    }
}
