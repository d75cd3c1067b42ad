import Glibc

/// The k3 estimate of KL(policy ‖ reference) of one token: Schulman 2020, "Approximating KL Divergence"; the penalty
/// of GRPO (Shao et al. 2024, "DeepSeekMath", equation 4). Unbiased, never negative.
package enum ReferenceDivergence {
    /// exp(d) − d − 1 with d = log p_ref − log p, and its derivative by log p.
    package static func token(new: Double, reference: Double) -> (value: Double, slope: Double) {
        let difference = reference - new
        return (expm1(difference) - difference, -expm1(difference))
    }
}
