/// Everything one checkpoint is made of, as references to the live arenas; nothing is copied before it is written.
package struct CheckpointContent {
    package let spec: ModelSpec
    package let table: ParameterTable
    package let weights: Arena
    /// What the optimizer remembers, laid out by `table`; nil for a model that is not trained.
    package let optimizer: OptimizerState?
    package let state: CheckpointState
    package let tokenizer: (any Tokenizer)?
    /// Nil for a model without an adapter.
    package let adapter: AdapterContent?
    /// What the model's first folder says of it; nil for a model of first weights.
    package let configuration: JSONValue?

    package init(
        spec: ModelSpec, table: ParameterTable, weights: Arena, optimizer: OptimizerState?,
        state: CheckpointState, tokenizer: (any Tokenizer)?, adapter: AdapterContent? = nil,
        configuration: JSONValue? = nil
    ) {
        self.spec = spec
        self.table = table
        self.weights = weights
        self.optimizer = optimizer
        self.state = state
        self.tokenizer = tokenizer
        self.adapter = adapter
        self.configuration = configuration
    }

    /// Throws `notFinite` with the first tensor that holds a NaN or an infinity.
    package func checkFinite() throws(ComputeError) {
        try Self.checkFinite(weights, table, of: "weight")
        if let adapter { try Self.checkFinite(adapter.merged, adapter.table, of: "merged weight") }
        for moments in optimizer?.moments ?? [] {
            try Self.checkFinite(moments.arena, table, of: "\(moments.text) of")
        }
    }

    private static func checkFinite(_ arena: Arena, _ table: ParameterTable, of kind: String) throws(ComputeError) {
        let exponent: UInt32 = 0x7F80_0000
        for parameter in table.parameters {
            let values = UnsafeBufferPointer(rebasing: arena.floats[parameter.range])
            // A maximum of integers, without a branch, so that the loop is vectorised.
            var highest: UInt32 = 0
            for value in values { highest = max(highest, value.bitPattern & exponent) }
            if highest == exponent {
                throw ComputeError.notFinite(
                    "Checkpoint refused: \(kind) '\(parameter.name)'",
                    hint: "Training has diverged; resume from the last checkpoint with a lower learning rate.")
            }
        }
    }
}

/// What a checkpoint has more of where a model has an adapter.
package struct AdapterContent {
    package let options: AdapterOptions
    /// W + scale * B A, laid out by `table`: what `model.safetensors` holds, so that a checkpoint is read by everyone
    /// as the model it is.
    package let merged: Arena
    /// The tensors of a model without an adapter.
    package let table: ParameterTable

    package init(options: AdapterOptions, merged: Arena, table: ParameterTable) {
        self.options = options
        self.merged = merged
        self.table = table
    }
}
