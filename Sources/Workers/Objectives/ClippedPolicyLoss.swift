import Glibc

/// The clipped surrogate of one token: Schulman et al. 2017, "Proximal Policy Optimization Algorithms", equation 7;
/// with the lower bound for negative advantages of Ye et al. 2020 ("dual clip") where one is given.
package struct ClippedPolicyLoss: Sendable, Equatable {
    /// How far the importance ratio may leave 1.
    package let clip: Float
    /// The dual clip c, above 1; nil leaves it out.
    package let dualClip: Float?

    package init(clip: Float, dualClip: Float? = nil) {
        self.clip = clip
        self.dualClip = dualClip
    }

    /// What one token contributes.
    package struct Token: Sendable, Equatable {
        /// max(−A·ratio, −A·clip(ratio)).
        package let loss: Float
        /// d loss / d log p of the current policy.
        package let slope: Float
        /// p_new / p_old.
        package let ratio: Float
        /// Whether the clip took the gradient away.
        package let isClipped: Bool
    }

    package func token(new: Float, old: Float, advantage: Float) -> Token {
        let ratio = expf(new - old)
        let plain = -advantage * ratio
        let bounded = -advantage * min(max(ratio, 1 - clip), 1 + clip)
        if let dualClip, advantage < 0, max(plain, bounded) > -advantage * dualClip {
            return Token(loss: -advantage * dualClip, slope: 0, ratio: ratio, isClipped: true)
        }
        // The bound has no slope, and it wins exactly where the ratio left the interval on the profitable side.
        return bounded > plain
            ? Token(loss: bounded, slope: 0, ratio: ratio, isClipped: true)
            : Token(loss: plain, slope: plain, ratio: ratio, isClipped: false)
    }
}
