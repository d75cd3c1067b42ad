/// Whether training drops elements at the rates of the model's spec.
package enum DropoutMode: Sendable {
    /// As supervised training does.
    case active
    /// As policy updates do, whose probability ratios it would disturb.
    case inactive
}

/// Trains a model: gradients over micro-batches, then one update of its optimizer.
///
/// Confined to the model's thread. Updates are bit-equal for equal inputs, whatever the number of threads.
package final class TrainEngine {
    package let model: LanguageModel
    package let optimizer: Optimizer
    /// Where dropout masks come from: one draw an update that drops anything. A checkpoint keeps it.
    package var dropoutGenerator: SeededGenerator

    /// Runs what changes weights and moments; whoever saves beside the training keeps it waiting until it has written.
    package var changing: (_ change: () -> Void) -> Void = { $0() }

    /// - Throws: `.outOfResources` when gradients and optimizer state do not fit; `.unsupportedModel` for an adapter that
    ///   cannot be trained as its file says.
    package init(
        model: LanguageModel, options: OptimizerOptions, dropoutSeed: UInt64 = 0
    ) throws(ComputeError) {
        try model.options.adapter?.checkTrainable()
        self.model = model
        optimizer = try Optimizer(table: model.table, options: options, pool: model.pool)
        dropoutGenerator = SeededGenerator(seed: dropoutSeed)
    }

    package var options: OptimizerOptions { optimizer.options }
    /// Updates applied so far.
    package var updateCount: Int { optimizer.updateCount }

    /// One update over all micro-batches together.
    ///
    /// For each micro-batch in turn: forward, then `coefficients(index, outputs)`, one a position, then backward. The
    /// loss whose gradient is followed is the sum over all positions of coefficient * (-log-probability), or of
    /// coefficient * value. With an `accumulation`, coefficients are those of the micro-batch's own mean loss and it joins
    /// the micro-batches; without one a mean over all of them is the caller's to build into the coefficients.
    /// - Throws: what `coefficients` throws; `.notFinite` where the options' policy ends training.
    package func trainBatch(
        _ microBatches: [PackedBatch], entropy: EntropyMode = .skip, temperature: Float = 1,
        dropout: DropoutMode = .inactive, accumulation: GradientAccumulation? = nil,
        coefficients: (Int, TokenOutputs) throws -> [Float]
    ) throws -> UpdateStatistics {
        optimizer.clearGradients()
        var loss = LossState.finite
        var forward = ForwardOptions(entropy: entropy, temperature: temperature, dropoutSeed: drawSeed(dropout))
        for (index, batch) in microBatches.enumerated() {
            let outputs = try model.forward(batch, forward)
            let unscaled = try coefficients(index, outputs)
            loss.check(outputs.logProbabilities)
            loss.check(outputs.values)
            loss.check(unscaled)
            try model.backward(coefficients: scaled(unscaled, index, accumulation), into: optimizer.gradients)
            // Masks are numbered by row: without it all micro-batches would drop the same.
            if let seed = forward.dropoutSeed { forward.dropoutSeed = seed &+ 1 }
        }
        return try update(loss)
    }

    /// Drawn for every update, also one that is then left out: the next must not drop the same.
    private func drawSeed(_ dropout: DropoutMode) -> UInt64? {
        guard dropout == .active, model.spec.dropout != .none else { return nil }
        return dropoutGenerator.next()
    }

    /// One update for a loss whose coefficients are known beforehand, such as supervised training: each chunk of a
    /// micro-batch runs forward and backward in one go, so that activations of one chunk a thread are kept.
    ///
    /// `measure(index, outputs)` gets what each micro-batch's forward pass said, before the next one runs.
    /// - Throws: what `measure` throws; `.notFinite` where the options' policy ends training.
    package func trainBatch(
        _ microBatches: [PackedBatch], coefficients: [[Float]], dropout: DropoutMode = .inactive,
        accumulation: GradientAccumulation? = nil, measure: (Int, TokenOutputs) throws -> Void = { _, _ in }
    ) throws -> UpdateStatistics {
        precondition(coefficients.count == microBatches.count, "Every micro-batch has its coefficients.")
        optimizer.clearGradients()
        var loss = LossState.finite
        var forward = ForwardOptions(dropoutSeed: drawSeed(dropout))
        for (index, batch) in microBatches.enumerated() {
            let unscaled = coefficients[index]
            let outputs = try model.accumulate(
                batch, forward, coefficients: scaled(unscaled, index, accumulation), into: optimizer.gradients)
            loss.check(outputs.logProbabilities)
            loss.check(outputs.values)
            loss.check(unscaled)
            try measure(index, outputs)
            if let seed = forward.dropoutSeed { forward.dropoutSeed = seed &+ 1 }
        }
        return try update(loss)
    }

    private func update(_ loss: LossState) throws(ComputeError) -> UpdateStatistics {
        try optimizer.update(loss: loss) { change in changing { model.changeWeights(change) } }
    }

    private func scaled(_ coefficients: [Float], _ index: Int, _ accumulation: GradientAccumulation?) -> [Float] {
        let factor = (accumulation?.factors[index] ?? 1) * optimizer.lossScale
        return factor == 1 ? coefficients : coefficients.map { $0 * factor }
    }
}
