import Glibc

/// The k3 estimate of KL(policy ‖ reference) of one token: Schulman 2020, "Approximating KL Divergence"; the penalty
/// of GRPO (Shao et al. 2024, equation 4). Unbiased, never negative.
package enum ReferenceDivergence {
    /// exp(d) − d − 1 with d = log p_ref − log p, and its derivative by log p.
    package static func token(new: Float, reference: Float) -> (value: Float, slope: Float) {
        let difference = reference - new
        return (expm1f(difference) - difference, -expm1f(difference))
    }
}
