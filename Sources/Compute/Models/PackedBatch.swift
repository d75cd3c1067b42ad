/// Sequences laid end to end without padding, with the next token of each position as its target.
package struct PackedBatch: Sendable, Equatable {
    package var tokens: [Int32]
    /// One a token; -1 where there is nothing to predict.
    package var targets: [Int32]
    /// Where each sequence begins, and the end of the last one (cumulative lengths).
    package var sequenceStarts: [Int32]

    /// Next-token targets; the last token of each sequence has none. Empty sequences are kept and cost nothing.
    package init(sequences: [[Int32]]) {
        let count = sequences.reduce(0) { $0 + $1.count }
        tokens = []
        targets = []
        tokens.reserveCapacity(count)
        targets.reserveCapacity(count)
        sequenceStarts = [0]
        for sequence in sequences {
            tokens.append(contentsOf: sequence)
            targets.append(contentsOf: sequence.dropFirst())
            if !sequence.isEmpty { targets.append(-1) }
            sequenceStarts.append(Int32(tokens.count))
        }
    }

    package var sequenceCount: Int { sequenceStarts.count - 1 }

    /// The positions of one sequence.
    package func range(ofSequence index: Int) -> Range<Int> {
        Int(sequenceStarts[index])..<Int(sequenceStarts[index + 1])
    }

    /// - Throws: `.invalidBatch` when the arrays do not fit together or the model cannot take the tokens.
    func validate(for spec: ModelSpec) throws(ComputeError) {
        let isCumulative = sequenceStarts.first == 0 && sequenceStarts.last.map(Int.init) == tokens.count
        if !isCumulative || zip(sequenceStarts, sequenceStarts.dropFirst()).contains(where: >) {
            throw PackedBatch.error("The sequence starts do not cover the \(tokens.count) tokens in order.")
        }
        if targets.count != tokens.count {
            throw PackedBatch.error("There are \(targets.count) targets for \(tokens.count) tokens.")
        }
        let vocabulary = Int32(spec.vocabularySize)
        if let token = tokens.first(where: { $0 < 0 || $0 >= vocabulary }) {
            throw PackedBatch.error("Token \(token) is outside the vocabulary of \(vocabulary).")
        }
        if let target = targets.first(where: { $0 < -1 || $0 >= vocabulary }) {
            throw PackedBatch.error("Target \(target) is outside the vocabulary of \(vocabulary).")
        }
        for index in 0..<sequenceCount where range(ofSequence: index).count > spec.contextLength {
            throw PackedBatch.error(
                "Sequence \(index) has \(range(ofSequence: index).count) tokens; the model's context is "
                    + "\(spec.contextLength).")
        }
    }

    private static func error(_ detail: String) -> ComputeError {
        ComputeError(
            .invalidBatch, summary: "The model cannot take this batch.", detail: detail,
            hint: "Check the tokenizer, the vocabulary size and the longest allowed sequence.")
    }
}

/// What a forward pass says about each position of a batch.
package struct TokenOutputs: Sendable, Equatable {
    /// Log-probability of the position's target; 0 where there is none. Empty for a value head.
    package var logProbabilities: [Float] = []
    /// Entropy of the next-token distribution; empty unless asked for.
    package var entropies: [Float] = []
    /// The value head's number; empty for a language-model head.
    package var values: [Float] = []
}

/// How a forward pass is run.
package struct ForwardOptions: Sendable, Equatable {
    package var entropy: EntropyMode
    /// Logits are divided by it first.
    package var temperature: Float
    /// Seed of the dropout masks of a training pass; nil drops nothing.
    package var dropoutSeed: UInt64?

    package init(entropy: EntropyMode = .skip, temperature: Float = 1, dropoutSeed: UInt64? = nil) {
        self.entropy = entropy
        self.temperature = temperature
        self.dropoutSeed = dropoutSeed
    }

    package static let standard = ForwardOptions()
}
