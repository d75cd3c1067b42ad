/// Generalised advantage estimation: Schulman et al. 2016, "High-Dimensional Continuous Control Using Generalized
/// Advantage Estimation", equation 16.
///
///     δ_t = r_t + γ · V_{t+1} − V_t        A_t = δ_t + γ · λ · A_{t+1}        return_t = A_t + V_t
///
/// V_{t+1} of the last step is taken only where the sequence is unfinished (the bootstrap flag): after its
/// end-of-sequence there is nothing to come.
package struct GeneralizedAdvantages: Sendable, Equatable {
    /// γ.
    package let discount: Double
    package let lambda: Double

    package init(discount: Double = 1, lambda: Double = 1) {
        self.discount = discount
        self.lambda = lambda
    }

    /// Of one sequence of n tokens, from n − 1 rewards (one for each predicted token) and n values.
    /// - Throws: `WorkerError` where there is not one value more than rewards; a sequence without tokens has neither.
    package func estimate(
        rewards: [Float], values: [Float], isUnfinished: Bool
    ) throws(WorkerError) -> (advantages: [Float], returns: [Float]) {
        guard !(rewards.isEmpty && values.isEmpty) else { return ([], []) }
        guard values.count == rewards.count + 1 else {
            throw WorkerError(.request, "a sequence has \(values.count) values for \(rewards.count) rewards")
        }
        var advantages = rewards, returns = rewards
        var later = 0.0, next = isUnfinished ? Double(values[rewards.count]) : 0
        for step in rewards.indices.reversed() {
            let value = Double(values[step])
            later = Double(rewards[step]) + discount * next - value + discount * lambda * later
            advantages[step] = Float(later)
            returns[step] = Float(later + value)
            next = value
        }
        return (advantages, returns)
    }
}
