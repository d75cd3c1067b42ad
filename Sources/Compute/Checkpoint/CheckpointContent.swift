/// Everything one checkpoint is made of, as references to the live arenas; nothing is copied before it is written.
package struct CheckpointContent {
    package let spec: ModelSpec
    package let table: ParameterTable
    package let weights: Arena
    /// What the optimizer remembers, laid out by `table`; nil for a model that is not trained.
    package let optimizer: OptimizerState?
    package let state: CheckpointState
    package let tokenizer: (any Tokenizer)?

    package init(
        spec: ModelSpec, table: ParameterTable, weights: Arena, optimizer: OptimizerState?,
        state: CheckpointState, tokenizer: (any Tokenizer)?,
    ) {
        self.spec = spec
        self.table = table
        self.weights = weights
        self.optimizer = optimizer
        self.state = state
        self.tokenizer = tokenizer
    }

    /// Throws `notFinite` with the first tensor that holds a NaN or an infinity.
    package func checkFinite() throws(ComputeError) {
        try Self.checkFinite(weights, table, of: "weight")
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
