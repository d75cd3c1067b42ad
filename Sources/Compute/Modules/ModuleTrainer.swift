/// Trains a user's module on labelled rows with any optimizer, schedule, clipping and policy that language models have.
package final class ModuleTrainer {
    package let module: Module
    package let optimizer: Optimizer

    /// - Throws: `.outOfResources`.
    package init(_ module: Module, options: OptimizerOptions) throws(ComputeError) {
        self.module = module
        optimizer = try Optimizer(table: module.table, options: options, pool: module.pool)
    }

    /// One update on the mean cross-entropy of all micro-batches; returns the loss before it.
    /// - Throws: `.invalidBatch`, and `.notFinite` where the options' policy ends training.
    package func trainBatch(
        _ microBatches: [LabelledRows], mean: GradientAccumulation.Mean = .tokenWeighted
    ) throws(ComputeError) -> (loss: Double, update: UpdateStatistics) {
        let counts = microBatches.map { batch in Float(batch.targets.count { $0 >= 0 }) }
        let accumulation = try GradientAccumulation(weights: counts, mean: mean)
        optimizer.clearGradients()
        var state = LossState.finite
        var means: [Double] = []
        for (index, batch) in microBatches.enumerated() {
            let logProbabilities = try module.forward(batch)
            state.check(logProbabilities)
            means.append(-logProbabilities.reduce(0) { $0 + Double($1) } / Double(counts[index]))
            let coefficient = counts[index] == 0 ? 0 : accumulation.factors[index] / counts[index] * optimizer.lossScale
            try module.backward(
                coefficients: Array(repeating: coefficient, count: batch.targets.count), into: optimizer.gradients)
        }
        let update = try optimizer.update(loss: state) { module.changeWeights($0) }
        return (accumulation.loss(of: means), update)
    }

    /// Mean cross-entropy and share of rows whose likeliest class is theirs, without training.
    package func evaluate(_ batch: LabelledRows) throws(ComputeError) -> (loss: Double, accuracy: Double) {
        let logProbabilities = try module.forward(batch)
        let logits = try module.logits(batch.inputs)
        let width = module.spec.outputs
        let labelled = batch.targets.indices.filter { batch.targets[$0] >= 0 }
        let right = labelled.count { row in
            let own = logits[row * width..<(row + 1) * width]
            return own.max() == own[own.startIndex + Int(batch.targets[row])]
        }
        let count = Double(max(1, labelled.count))
        return (-logProbabilities.reduce(0) { $0 + Double($1) } / count, Double(right) / count)
    }
}
