/// What a model keeps of a forward pass for its backward pass.
package enum RecomputeMode: String, Sendable, Codable {
    /// Every activation.
    case none
    /// The input of every block; the rest is computed again, bit for bit, when the backward pass comes to it.
    case blocks
}

/// How a model is run, as far as it does not follow from what it is.
package struct ModelOptions: Sendable, Equatable {
    package var precision: Precision
    package var recompute: RecomputeMode
    /// Trains low-rank matrices beside frozen weights; nil trains the weights.
    package var adapter: AdapterOptions?

    package init(
        precision: Precision = .float32, recompute: RecomputeMode = .none, adapter: AdapterOptions? = nil
    ) {
        self.precision = precision
        self.recompute = recompute
        self.adapter = adapter
    }
}
