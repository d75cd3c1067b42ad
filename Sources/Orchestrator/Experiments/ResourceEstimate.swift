import Protocol
import Workers

/// A lower bound of what a setup needs, so a plan it refuses cannot work: weights, gradients and what the optimizer
/// keeps. Activations are left out; supervised training keeps those of one chunk a thread, a policy update those of one
/// micro-batch.
struct ResourceEstimate: Equatable {
    /// Bytes of weights, gradients and optimizer moments on all workers together.
    private(set) var memory = 0
    /// Bytes of the recovery checkpoints that exist at one time: the newest, and the one being written.
    private(set) var disk = 0

    /// The tokenizer's vocabulary is not known before a worker reads it; the smallest counts here.
    private static let smallestVocabulary = 96
    private static let bytesOfNumber = 4

    /// - Parameter parametersOfFolder: asked about the models that are read from folders.
    init(
        _ setup: SetupPlan, parametersOfFolder: (String) throws(ConfigurationError) -> Int
    ) throws(ConfigurationError) {
        for model in setup.models {
            guard case .transformer(let transformer) = model.module else { continue }
            let parameters =
                switch transformer.shape {
                case .sizes(let sizes): Self.parameters(of: sizes)
                case .folder(let path): try parametersOfFolder(path)
                }
            let bytes = parameters * Self.bytesOfNumber
            let copies = Self.copies(of: model.optimizer)
            memory += copies.memory * bytes
            // A recovery checkpoint stays until the next one is whole.
            disk += 2 * copies.disk * bytes
        }
    }

    /// How often a model's numbers are in memory and in one checkpoint.
    private static func copies(of given: GivenArguments?) -> (memory: Int, disk: Int) {
        // What cannot be read was refused before its size matters.
        guard let given, let optimizer = try? OptimizerArguments(given) else { return (1, 0) }
        // Gradients and moments of frozen weights take no memory; a checkpoint has the weights with the adapter merged
        // into them, and without. The adapter itself is small.
        guard optimizer.adapter == nil else { return (1, 2) }
        return (2 + optimizer.momentCount, 1 + optimizer.momentCount)
    }

    static func parameters(of sizes: TransformerSizes) -> Int {
        let width = sizes.width
        let attention = 2 * width * width + 2 * width * (width / sizes.heads * sizes.keyValueHeads)
        let mlp = 2 * width * (sizes.mlpWidth ?? 4 * width)
        return sizes.layers * (attention + mlp + 13 * width) + (sizes.contextLength + smallestVocabulary + 2) * width
    }
}
