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
            guard case .transformer(let shape) = model.module else { continue }
            let bytes = Self.parameters(of: shape) * Self.bytesOfNumber
            // AdamW keeps weights, gradients and two moments; a checkpoint holds all but the gradients.
            memory += model.optimizer == nil ? bytes : 4 * bytes
            disk += model.optimizer == nil ? 0 : 2 * 3 * bytes
        }
    }

    static func parameters(of shape: TransformerPlan) -> Int {
        let width = shape.width
        return shape.layers * (12 * width * width + 13 * width) + (shape.contextLength + smallestVocabulary + 2) * width
    }
}
