/// Direct preference optimisation: Rafailov et al. 2023, "Direct Preference Optimization", equation 7.
///
///     z = β · ((π⁺ − π⁻) − (ρ⁺ − ρ⁻))        L = −mean over pairs of log σ(z)
///
/// π is a sequence's log-probability, Σ log p over its answer tokens, ρ that of the reference model.
package struct PreferenceLoss: Sendable, Equatable {
    /// How much a margin counts.
    package let beta: Double

    package init(beta: Double) { self.beta = beta }

    /// A sequence's log-probability: the sum over the tokens that count.
    package static func sequenceLogProbability(_ logProbabilities: some Collection<Float>, mask: [Bool]) -> Float {
        Float(zip(logProbabilities, mask).reduce(0.0) { $1.1 ? $0 + Double($1.0) : $0 })
    }

    /// The loss of a micro-batch of pairs, the better and the worse sequence of each in turn; one coefficient for each
    /// sequence, −dL/dπ, which is that of each of its answer tokens.
    ///
    /// The weight is the number of pairs. Statistics: `loss`, `pos_score` and `neg_score` (β · (π − ρ) of the better
    /// and the worse sequence) and `accuracy` by pair, `kl` (−(π − ρ)) by sequence.
    /// - Throws: `WorkerError` where the two do not have as many pairs, or a reference is not finite.
    package func evaluate(policy: [Float], reference: [Float]) throws(WorkerError) -> MicroBatchLoss {
        guard policy.count.isMultiple(of: 2) else {
            throw WorkerError(.request, "the preference loss got \(policy.count) sequences, which are no pairs")
        }
        let sequences = try CountedElements(
            Array(repeating: true, count: policy.count), of: "the preference loss", outputs: policy,
            data: ["reference log-probability": reference])
        let pairs = policy.count / 2
        func gain(_ sequence: Int) -> Double { Double(policy[sequence]) - Double(reference[sequence]) }
        var statistics = ObjectiveStatistics()
        var result = sequences.sum(scale: 1 / Double(max(1, pairs)), weight: Double(pairs)) { index in
            let better = index / 2 * 2
            let positive = gain(better), negative = gain(better + 1)
            let margin = beta * (positive - negative)
            let coefficient = -beta * LogisticLoss.slope(margin)
            statistics["kl"].add(-gain(index))
            guard index == better else { return .init(loss: 0, coefficient: -coefficient) }
            statistics["loss"].add(LogisticLoss.value(margin))
            statistics["pos_score"].add(beta * positive)
            statistics["neg_score"].add(beta * negative)
            statistics["accuracy"].add(margin > 0 ? 1 : 0)
            return .init(loss: LogisticLoss.value(margin), coefficient: coefficient)
        }
        result.statistics = statistics
        return result
    }

    /// Coefficients of all predicted tokens from those of their sequences: 0 where a token does not count.
    package static func onTokens(_ coefficients: [Float], masks: [[Bool]]) -> [Float] {
        zip(coefficients, masks).flatMap { coefficient, mask in mask.map { $0 ? coefficient : 0 } }
    }
}
