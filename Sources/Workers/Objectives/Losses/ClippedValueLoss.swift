/// The critic's loss over a micro-batch: Schulman et al. 2016, "High-Dimensional Continuous Control Using Generalized
/// Advantage Estimation", with the values clipped as PPO's policy is.
///
///     L = Σ mask · max(ℓ(v − R), ℓ(v_old + clip(v − v_old, ±ε) − R)) / max(1, Σ mask)
///
/// v is the value before each predicted token: a sequence of n tokens has n − 1, the one at its last token being no
/// state. Values, old values and returns are on one scale (all normalised, or none).
package struct ClippedValueLoss: Sendable, Equatable {
    /// What an error e costs.
    package enum Penalty: Sendable, Equatable {
        /// ½ e².
        case squared
        /// ½ e² up to δ, from there on δ · (|e| − ½ δ): Huber 1964.
        case huber(delta: Double)

        package static let huber = Penalty.huber(delta: 10)

        func value(_ error: Double) -> Double {
            if case .huber(let delta) = self, abs(error) > delta { return delta * (abs(error) - delta / 2) }
            return error * error / 2
        }

        func slope(_ error: Double) -> Double {
            if case .huber(let delta) = self { return min(max(error, -delta), delta) }
            return error
        }
    }

    /// How far a value may leave the old one: ε.
    package let clip: Double
    package let penalty: Penalty

    package init(clip: Double, penalty: Penalty = .squared) {
        self.clip = clip
        self.penalty = penalty
    }

    /// What one value contributes: the loss, its derivative by the value, and whether the clip took that away.
    package func token(value: Double, old: Double, target: Double) -> (loss: Double, slope: Double, isClipped: Bool) {
        let plain = penalty.value(value - target)
        // Within the interval both losses are one; compared as numbers, rounding would take the slope of some.
        if abs(value - old) > clip {
            let bounded = penalty.value(old + (value > old ? clip : -clip) - target)
            if bounded > plain { return (bounded, 0, true) }
        }
        return (plain, penalty.slope(value - target), false)
    }

    /// The loss of a micro-batch; one coefficient for each predicted token, dL/dv.
    ///
    /// Statistics by token that counts: `value_loss`, `clip_ratio`.
    /// - Throws: `WorkerError` where a column has another length than the mask or data that counts is not finite.
    package func evaluate(
        _ values: [Float], old: [Float], returns: [Float], mask: [Bool]
    ) throws(WorkerError) -> MicroBatchLoss {
        let counted = try CountedElements(
            mask, of: "the value loss", outputs: values, data: ["old value": old, "return": returns])
        var loss = Tally(), clipped = Tally()
        var result = counted.mean { index in
            let token = token(
                value: Double(values[index]), old: Double(old[index]), target: Double(returns[index]))
            loss.add(token.loss)
            clipped.add(token.isClipped ? 1 : 0)
            return .init(loss: token.loss, coefficient: token.slope)
        }
        result.statistics["value_loss"] = loss
        result.statistics["clip_ratio"] = clipped
        return result
    }
}
