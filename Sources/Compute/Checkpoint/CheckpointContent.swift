/// Everything one checkpoint is made of, as references to the live arenas; nothing is copied before it is written.
package struct CheckpointContent {
    package let spec: ModelSpec
    package let table: ParameterTable
    package let weights: Arena
    /// First and second AdamW moments, laid out by `table`; nil for a model that is not trained.
    package let moments: (first: Arena, second: Arena)?
    package let state: CheckpointState
    package let tokenizer: CharacterTokenizer?

    package init(
        spec: ModelSpec, table: ParameterTable, weights: Arena, moments: (first: Arena, second: Arena)?,
        state: CheckpointState, tokenizer: CharacterTokenizer?,
    ) {
        self.spec = spec
        self.table = table
        self.weights = weights
        self.moments = moments
        self.state = state
        self.tokenizer = tokenizer
    }

    /// Throws `notFinite` with the first tensor that holds a NaN or an infinity.
    package func checkFinite() throws(ComputeError) {
        try Self.checkFinite(weights, table, of: "weight")
        if let moments {
            try Self.checkFinite(moments.first, table, of: "first moment of")
            try Self.checkFinite(moments.second, table, of: "second moment of")
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
