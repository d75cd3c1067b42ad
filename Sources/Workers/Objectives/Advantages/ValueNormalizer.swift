/// Running mean and deviation of returns, on whose scale a critic learns: van Hasselt et al. 2016, "Learning values
/// across many orders of magnitude", with the debiased exponential average of Yu et al. 2022, "The Surprising
/// Effectiveness of PPO in Cooperative Multi-Agent Games".
///
///     m ← β m + (1 − β) x̄        s ← β s + (1 − β) mean(x²)        b ← β b + (1 − β)
///     mean = m / max(b, 10⁻⁵)        variance = max(s / max(b, 10⁻⁵) − mean², 10⁻²)
///
/// Its state belongs into a checkpoint of the critic.
package struct ValueNormalizer: Sendable, Equatable, Codable {
    /// The share of the old average that stays at an update: β.
    package let beta: Double
    /// The least divisor of the averages.
    package let epsilon: Double
    private var averageValue = 0.0
    private var averageSquare = 0.0
    private var averageOfOne = 0.0

    package static let smallestVariance = 1e-2
    /// Normalised values stay within ± this.
    package static let largestNormalized = 5.0

    package init(beta: Double = 0.99995, epsilon: Double = 1e-5) {
        self.beta = beta
        self.epsilon = epsilon
    }

    /// 0 before the first update.
    package var mean: Double { averageValue / max(averageOfOne, epsilon) }

    /// The root of the least variance before the first update.
    package var deviation: Double {
        max(averageSquare / max(averageOfOne, epsilon) - mean * mean, Self.smallestVariance).squareRoot()
    }

    /// Takes in a batch of returns; the tokens of `masks` count, and without any nothing changes.
    /// - Throws: `WorkerError` where one that counts is not finite; nothing has changed then.
    package mutating func update(returns: [[Float]], masks: [[Bool]]) throws(WorkerError) {
        var count = 0.0, sum = 0.0, squares = 0.0
        for (returns, mask) in zip(returns, masks) {
            for (value, counts) in zip(returns, mask) where counts {
                guard value.isFinite else { throw WorkerError(.request, "a return of the critic's batch is \(value)") }
                count += 1
                sum += Double(value)
                squares += Double(value) * Double(value)
            }
        }
        guard count > 0 else { return }
        averageValue = beta * averageValue + (1 - beta) * sum / count
        averageSquare = beta * averageSquare + (1 - beta) * squares / count
        averageOfOne = beta * averageOfOne + (1 - beta)
    }

    /// (x − mean) / deviation, within ±5.
    package func normalized(_ values: [Float]) -> [Float] {
        let mean = mean, deviation = deviation, limit = Self.largestNormalized
        return values.map { Float(min(max((Double($0) - mean) / deviation, -limit), limit)) }
    }

    /// x · deviation + mean.
    package func denormalized(_ values: [Float]) -> [Float] {
        let mean = mean, deviation = deviation
        return values.map { Float(Double($0) * deviation + mean) }
    }
}
