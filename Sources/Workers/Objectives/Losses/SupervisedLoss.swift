import Glibc

/// The supervised loss: mean −log p of the tokens that count, those of the answer, end-of-sequence included.
///
///     L = −Σ mask · log p / max(1, Σ mask)        log p, mask: one for each predicted token
package enum SupervisedLoss {
    /// The coefficients, which do not depend on what the model says: 1 / max(1, Σ mask) where the mask is on.
    package static func coefficients(mask: [Bool]) -> [Float] {
        let share = 1 / Double(max(1, mask.count(where: \.self)))
        return mask.map { $0 ? Float(share) : 0 }
    }

    /// The loss of a micro-batch; its statistics are `loss`, by token.
    /// - Throws: `WorkerError` where the lengths differ.
    package static func evaluate(_ logProbabilities: [Float], mask: [Bool]) throws(WorkerError) -> MicroBatchLoss {
        let tokens = try CountedElements(mask, of: "the supervised loss", outputs: logProbabilities)
        var tally = Tally()
        var result = tokens.mean { index in
            tally.add(-Double(logProbabilities[index]))
            return .init(loss: -Double(logProbabilities[index]), coefficient: 1)
        }
        result.statistics["loss"] = tally
        return result
    }

    /// exp(−mean log p) of the tokens of one sequence that count; nil where none does, infinite where it overflows.
    package static func perplexity(_ logProbabilities: some Collection<Float>, mask: [Bool]) -> Double? {
        let counted = zip(logProbabilities, mask).lazy.filter { $0.1 }.map { Double($0.0) }
        let count = counted.reduce(0) { count, _ in count + 1 }
        return count == 0 ? nil : exp(-counted.reduce(0, +) / Double(count))
    }
}
