import Glibc

/// The clipped surrogate of one token: Schulman et al. 2017, "Proximal Policy Optimization Algorithms", equation 7.
///
///     ratio = exp(new − d)        d = proximal log p where given, else old
///     L = max(−A · ratio, −A · clip(ratio, 1 − ε, 1 + ε))
///
/// Dual clip, Ye et al. 2020, "Mastering Complex Control in MOBA Games", equation 5: for A < 0 at most −A · c.
/// Decoupled, Hilton et al. 2022, "Batch size-invariance for policy optimization", equation 8: L · exp(proximal − old),
/// and nothing of a token where that weight is above the cap.
package struct ClippedPolicyLoss: Sendable, Equatable {
    /// How far the importance ratio may leave 1: ε.
    package let clip: Double
    /// The dual clip c, above 1; nil leaves it out.
    package let dualClip: Double?
    /// The largest behaviour weight of a token that still counts; nil takes every one.
    package let behaviourWeightCap: Double?

    package init(clip: Double, dualClip: Double? = nil, behaviourWeightCap: Double? = nil) {
        self.clip = clip
        self.dualClip = dualClip
        self.behaviourWeightCap = behaviourWeightCap
    }

    /// Which bound took a token's gradient away.
    package enum Bound: Sendable, Equatable {
        case none
        case clip
        case dualClip
    }

    /// What one token contributes.
    package struct Token: Sendable, Equatable {
        package let loss: Double
        /// d loss / d log p of the current policy.
        package let slope: Double
        package let ratio: Double
        package let bound: Bound

        fileprivate func weighted(_ weight: Double) -> Token {
            // A weight of 0 leaves nothing, not even of what has overflowed.
            weight == 0
                ? Token(loss: 0, slope: 0, ratio: ratio, bound: bound)
                : Token(loss: loss * weight, slope: slope * weight, ratio: ratio, bound: bound)
        }
    }

    /// A token where the data was sampled by the policy that the ratio is taken to.
    package func token(new: Double, old: Double, advantage: Double) -> Token {
        let ratio = exp(new - old)
        // Without an advantage nothing is lost, however far the ratio went; 0 · ∞ would be no number.
        let plain = advantage == 0 ? 0 : -advantage * ratio
        let bounded = -advantage * min(max(ratio, 1 - clip), 1 + clip)
        if let dualClip, advantage < 0, max(plain, bounded) > -advantage * dualClip {
            return Token(loss: -advantage * dualClip, slope: 0, ratio: ratio, bound: .dualClip)
        }
        // The bound has no slope, and it wins exactly where the ratio left the interval on the profitable side.
        return bounded > plain
            ? Token(loss: bounded, slope: 0, ratio: ratio, bound: .clip)
            : Token(loss: plain, slope: plain, ratio: ratio, bound: .none)
    }

    /// The decoupled form: the ratio is taken to the proximal policy.
    package func token(new: Double, old: Double, proximal: Double, advantage: Double) -> Token {
        token(new: new, old: proximal, advantage: advantage)
            .weighted(behaviourWeight(proximal: proximal, old: old) ?? 0)
    }

    /// exp(proximal − old), or nil where that is above the cap.
    package func behaviourWeight(proximal: Double, old: Double) -> Double? {
        let weight = exp(proximal - old)
        if let behaviourWeightCap, weight > behaviourWeightCap { return nil }
        return weight
    }
}
