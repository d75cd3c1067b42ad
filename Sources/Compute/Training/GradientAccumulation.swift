/// How the losses of several micro-batches become the loss of one update.
///
/// Each micro-batch brings its own mean loss and a weight, usually its number of trained tokens. The two means differ
/// where micro-batches have different numbers of trained tokens.
package struct GradientAccumulation: Sendable, Equatable {
    package enum Mean: String, Sendable, Codable {
        /// loss of a micro-batch * its weight / sum of all weights: the mean over tokens, however they were cut.
        case tokenWeighted
        /// loss of a micro-batch / number of micro-batches that have a weight: each counts the same.
        case microBatches
    }

    /// What each micro-batch's mean loss, and its coefficients, are multiplied by.
    package let factors: [Float]

    /// - Throws: `.invalidBatch` for a weight below zero or not finite, and where no micro-batch has one.
    package init(weights: [Float], mean: Mean) throws(ComputeError) {
        let total = weights.reduce(0) { $0 + Double($1) }
        guard weights.allSatisfy({ $0 >= 0 }), total > 0, total.isFinite else {
            throw ComputeError(
                .invalidBatch, summary: "The batch has nothing to train on.",
                detail: "The weights of its micro-batches are \(weights).",
                hint: "Check the loss mask: at least one token must count.")
        }
        let counted = weights.count { $0 > 0 }
        factors = weights.map { weight in
            switch mean {
            case .tokenWeighted: Float(Double(weight) / total)
            case .microBatches: weight > 0 ? 1 / Float(counted) : 0
            }
        }
    }

    /// The loss of the update from the micro-batches' mean losses.
    package func loss(of means: [Double]) -> Double {
        zip(means, factors).reduce(0) { $0 + ($1.1 == 0 ? 0 : $1.0 * Double($1.1)) }
    }
}
