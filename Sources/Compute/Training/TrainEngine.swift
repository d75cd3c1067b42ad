/// Trains a model: gradients over micro-batches, then one update of its optimizer.
///
/// Confined to the model's thread. Updates are bit-equal for equal inputs, whatever the number of threads.
package final class TrainEngine {
    package let model: LanguageModel
    package let optimizer: Optimizer

    /// - Throws: `.outOfResources` when gradients and optimizer state do not fit.
    package init(model: LanguageModel, options: OptimizerOptions) throws(ComputeError) {
        self.model = model
        optimizer = try Optimizer(table: model.table, options: options, pool: model.pool)
    }

    package var options: OptimizerOptions { optimizer.options }
    /// Updates applied so far.
    package var updateCount: Int { optimizer.updateCount }

    /// One update over all micro-batches together.
    ///
    /// For each micro-batch in turn: forward, then `coefficients(index, outputs)`, one a position, then backward. The
    /// loss whose gradient is followed is the sum over all positions of coefficient * (-log-probability). With an
    /// `accumulation`, coefficients are those of the micro-batch's own mean loss and it joins the micro-batches; without
    /// one a mean over all of them is the caller's to build into the coefficients.
    /// - Throws: what `coefficients` throws; `.notFinite` where the options' policy ends training.
    package func trainBatch(
        _ microBatches: [PackedBatch], entropy: EntropyMode = .skip, accumulation: GradientAccumulation? = nil,
        coefficients: (Int, TokenOutputs) throws -> [Float]
    ) throws -> UpdateStatistics {
        optimizer.clearGradients()
        var loss = LossState.finite
        for (index, batch) in microBatches.enumerated() {
            let outputs = try model.forward(batch, entropy: entropy)
            let unscaled = try coefficients(index, outputs)
            loss.check(outputs.logProbabilities)
            loss.check(unscaled)
            let factor = (accumulation?.factors[index] ?? 1) * optimizer.lossScale
            let scaled = factor == 1 ? unscaled : unscaled.map { $0 * factor }
            try model.backward(coefficients: scaled, into: optimizer.gradients)
        }
        return try optimizer.update(loss: loss) { change in change(model.weights) }
    }
}
