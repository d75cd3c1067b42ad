/// The reward model's loss over pairs: Bradley and Terry 1952; Stiennon et al. 2020, "Learning to Summarize from
/// Human Feedback", section 3.4.
///
///     L = −Σ over pairs of log σ(s⁺ − s⁻) / (pairs of that prompt)
///
/// s is the value at the last token of a sequence. A sum, so a prompt with many pairs weighs no more than another.
package enum PairedRewardLoss {
    /// The loss of a micro-batch of whole prompts; one coefficient for each score, dL/ds.
    ///
    /// `scores` has the better and the worse sequence of each pair in turn, `pairs` the number of pairs of each
    /// prompt. The weight is the number of pairs. Statistics: `loss` (by pair), `accuracy`, `pos_score`, `neg_score`.
    /// - Throws: `WorkerError` where `pairs` says another number of scores.
    package static func evaluate(_ scores: [Float], pairs: [Int]) throws(WorkerError) -> MicroBatchLoss {
        let count = pairs.reduce(0, +)
        guard scores.count == 2 * count else {
            throw WorkerError(.request, "the reward loss got \(scores.count) scores for \(count) pairs")
        }
        let shares = pairs.flatMap { Array(repeating: 1 / Double($0), count: $0) }
        let elements = try CountedElements(
            Array(repeating: true, count: scores.count), of: "the reward loss", outputs: scores)
        var statistics = ObjectiveStatistics()
        var result = elements.sum(weight: Double(count)) { index in
            let pair = index / 2
            let better = Double(scores[2 * pair]), worse = Double(scores[2 * pair + 1])
            let slope = shares[pair] * LogisticLoss.slope(better - worse)
            guard index == 2 * pair else { return .init(loss: 0, coefficient: -slope) }
            let loss = shares[pair] * LogisticLoss.value(better - worse)
            statistics["loss"].add(loss)
            statistics["accuracy"].add(better > worse ? 1 : 0)
            statistics["pos_score"].add(better)
            statistics["neg_score"].add(worse)
            return .init(loss: loss, coefficient: slope)
        }
        result.statistics = statistics
        return result
    }

    /// Coefficients of all positions from those of the scores: a sequence's own at its last token, 0 before it.
    ///
    /// An empty sequence has no position, and its coefficient goes nowhere.
    package static func atLastTokens(_ coefficients: [Float], lengths: [Int]) -> [Float] {
        zip(coefficients, lengths).flatMap { coefficient, length in
            length == 0 ? [] : Array(repeating: 0, count: length - 1) + [coefficient]
        }
    }
}

/// What a reward model says from what its head says: (score − bias) · scaling.
package struct RewardScaling: Sendable, Equatable {
    package let scaling: Float
    package let bias: Float

    package init(scaling: Float = 1, bias: Float = 0) {
        self.scaling = scaling
        self.bias = bias
    }

    package func reward(ofScore score: Float) -> Float { (score - bias) * scaling }
}
