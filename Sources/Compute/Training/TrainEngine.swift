/// What one optimizer update did.
package struct UpdateStatistics: Sendable, Equatable {
    /// Norm of all gradients before clipping.
    package var gradientNorm: Float
    /// The rate the update used, or would have used.
    package var learningRate: Float
    /// False when a gradient was not finite: weights, moments and the update count are then as before.
    package var isApplied: Bool
}

/// Trains a model: gradients over micro-batches, clipping, AdamW.
///
/// Confined to the model's thread. Updates are bit-equal for equal inputs, whatever the number of threads.
package final class TrainEngine {
    package let model: LanguageModel
    package var options: OptimizerOptions
    /// AdamW's moments, laid out by the model's table; a checkpoint saves and restores them with `updateCount`.
    package let firstMoments: Arena
    package let secondMoments: Arena
    /// Updates applied so far; the next one uses the schedule's rate of `updateCount + 1`.
    package var updateCount = 0

    private let gradients: Arena
    private let optimizer: AdamW

    /// - Throws: `.outOfResources` when three more copies of the weights do not fit.
    package init(model: LanguageModel, options: OptimizerOptions) throws(ComputeError) {
        self.model = model
        self.options = options
        firstMoments = try Arena(count: model.table.count)
        secondMoments = try Arena(count: model.table.count)
        gradients = try Arena(count: model.table.count)
        optimizer = AdamW(table: model.table)
    }

    /// One update over all micro-batches together.
    ///
    /// For each micro-batch in turn: forward, then `coefficients(index, outputs)`, one a position, then backward. The
    /// loss whose gradient is followed is the sum over all positions of coefficient * (-log-probability), so a mean is
    /// the caller's to build into the coefficients.
    package func trainBatch(
        _ microBatches: [PackedBatch], entropy: EntropyMode = .skip,
        coefficients: (Int, TokenOutputs) throws -> [Float]
    ) throws -> UpdateStatistics {
        gradients.clear()
        for (index, batch) in microBatches.enumerated() {
            let outputs = try model.forward(batch, ForwardOptions(entropy: entropy))
            try model.backward(coefficients: try coefficients(index, outputs), into: gradients)
        }
        return applyGradients()
    }

    /// One update for a loss whose coefficients are known beforehand, such as supervised training: each chunk of a
    /// micro-batch runs forward and backward in one go. Returns what each micro-batch's forward pass said, too.
    package func trainBatch(
        _ microBatches: [PackedBatch], coefficients: [[Float]], entropy: EntropyMode = .skip
    ) throws(ComputeError) -> (UpdateStatistics, [TokenOutputs]) {
        gradients.clear()
        var outputs: [TokenOutputs] = []
        for (batch, coefficients) in zip(microBatches, coefficients) {
            outputs.append(
                try model.accumulate(
                    batch, ForwardOptions(entropy: entropy), coefficients: coefficients, into: gradients))
        }
        return (applyGradients(), outputs)
    }

    private func applyGradients() -> UpdateStatistics {
        let norm = optimizer.norm(of: gradients, pool: model.pool)
        let rate = options.learningRateSchedule.rate(ofUpdate: updateCount + 1)
        guard norm.isFinite else {
            return UpdateStatistics(gradientNorm: norm, learningRate: rate, isApplied: false)
        }
        updateCount += 1
        // No quotient where nothing is clipped: an infinite limit would divide by itself.
        let factor = norm > options.clipNorm ? options.clipNorm / norm : 1
        model.changeWeights { weights in
            optimizer.update(
                options, rate: rate, update: updateCount, gradientFactor: factor, weights: weights,
                gradients: gradients, firstMoments: firstMoments, secondMoments: secondMoments, pool: model.pool)
        }
        return UpdateStatistics(gradientNorm: norm, learningRate: rate, isApplied: true)
    }
}
