import Testing

@testable import Compute

@Suite struct `Gradient accumulation` {
    @Test func `the mean over tokens weighs micro-batches by their tokens`() throws {
        let accumulation = try GradientAccumulation(weights: [6, 2, 0], mean: .tokenWeighted)
        #expect(accumulation.factors == [0.75, 0.25, 0])
        #expect(accumulation.loss(of: [2, 4, .nan]) == 2.5)
    }

    @Test func `the mean of micro-batch means counts each that has tokens the same`() throws {
        let accumulation = try GradientAccumulation(weights: [6, 2, 0], mean: .microBatches)
        #expect(accumulation.factors == [0.5, 0.5, 0])
        #expect(accumulation.loss(of: [2, 4, .nan]) == 3)
    }

    @Test(arguments: [[], [0, 0], [1, -1], [.nan], [.infinity]] as [[Float]])
    func `weights that leave nothing to train on are refused`(weights: [Float]) {
        let error = #expect(throws: ComputeError.self) {
            try GradientAccumulation(weights: weights, mean: .tokenWeighted)
        }
        #expect(error?.code == .invalidBatch)
    }

    private static let spec = ModelSpec.gpt2(vocabularySize: 7, contextLength: 8, width: 16, layers: 1, heads: 2)
    private static let sequences: [[Int32]] = [[1, 2, 3, 4, 5], [5, 4, 3], [2, 2, 2, 2, 2, 2]]

    private func engine() throws -> TrainEngine {
        let model = try LanguageModel(spec: Self.spec, seed: 4, pool: ThreadPool(threads: 1))
        return try TrainEngine(
            model: model,
            options: OptimizerOptions(
                kind: .sgd(MomentumOptions()), schedule: LearningRateSchedule(peak: 0.1, warmup: 0, shape: .constant),
                weightDecay: 0, clipNorm: .infinity))
    }

    /// One update over micro-batches of the given sequences; each loss is the micro-batch's own mean.
    private func step(_ groups: [[Int]], mean: GradientAccumulation.Mean) throws -> (loss: Double, weights: [Float]) {
        let engine = try engine()
        let batches = groups.map { group in PackedBatch(sequences: group.map { Self.sequences[$0] }) }
        let tokens = batches.map { Float($0.targets.count { $0 >= 0 }) }
        let accumulation = try GradientAccumulation(weights: tokens, mean: mean)
        var means: [Double] = []
        _ = try engine.trainBatch(batches, accumulation: accumulation) { index, outputs in
            means.append(-Double(outputs.logProbabilities.reduce(0, +)) / Double(tokens[index]))
            return outputs.logProbabilities.map { _ in 1 / tokens[index] }
        }
        return (accumulation.loss(of: means), engine.model.weights.array)
    }

    @Test(arguments: [[[0], [1], [2]], [[0, 2], [1]], [[2], [1, 0]]])
    func `weighted by tokens, the cut does not matter`(groups: [[Int]]) throws {
        let (whole, cut) = try (step([[0, 1, 2]], mean: .tokenWeighted), step(groups, mean: .tokenWeighted))
        #expect(abs(whole.loss - cut.loss) < 1e-6)
        #expect(largestError(cut.weights, doubles(whole.weights)) < 1e-6)
    }

    @Test func `as a mean of means it does, where the cuts differ in size`() throws {
        let (whole, cut) = try (step([[0, 1, 2]], mean: .microBatches), step([[0, 2], [1]], mean: .microBatches))
        #expect(abs(whole.loss - cut.loss) > 1e-4)
        #expect(largestError(cut.weights, doubles(whole.weights)) > 1e-4)
    }
}
