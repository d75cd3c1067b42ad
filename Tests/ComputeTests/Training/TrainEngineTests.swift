import Testing

@testable import Compute

@Suite struct TrainEngineTests {
    private let batch = PackedBatch(sequences: [[1, 2, 3, 4, 5], [5, 4, 3], [2, 2, 2, 2]])
    private let spec = ModelSpec.gpt2(vocabularySize: 7, contextLength: 8, width: 16, layers: 2, heads: 2)

    @Test func `training lowers the loss`() throws {
        let engine = try makeEngine(threads: 1)
        let losses = try (0..<30).map { _ in try step(engine) }
        #expect(losses[0] > 1.5)
        #expect(losses[29] < 0.5)
        #expect(engine.updateCount == 30)
    }

    @Test func `runs are bit-equal whatever the number of threads`() throws {
        let engines = try [1, 2, 3].map { try makeEngine(threads: $0) }
        for _ in 0..<3 { for engine in engines { _ = try step(engine) } }
        let expected = engines[0].model.weights.array
        #expect(engines[1].model.weights.array == expected)
        #expect(engines[2].model.weights.array == expected)
    }

    @Test func `a batch claimed in chunks is bit-equal too`() throws {
        let large = PackedBatch(sequences: (0..<250).map { first in [Int32](0..<8).map { ($0 * 3 + first) % 7 } })
        let engines = try [1, 2, 4].map { try makeEngine(threads: $0) }
        for _ in 0..<2 {
            for engine in engines { _ = try engine.trainBatch([large]) { _, outputs in outputs.logProbabilities } }
        }
        let expected = engines[0].model.weights.array
        #expect(engines[1].model.weights.array == expected)
        #expect(engines[2].model.weights.array == expected)
    }

    @Test func `two micro-batches give the gradient of the whole batch`() throws {
        let (whole, split) = (try makeEngine(threads: 1), try makeEngine(threads: 1))
        let parts = [PackedBatch(sequences: [[1, 2, 3, 4, 5]]), PackedBatch(sequences: [[5, 4, 3], [2, 2, 2, 2]])]
        let one = try whole.trainBatch([batch]) { _, outputs in outputs.logProbabilities.map { _ in 0.1 } }
        let two = try split.trainBatch(parts) { _, outputs in outputs.logProbabilities.map { _ in 0.1 } }
        #expect(abs(one.gradientNorm - two.gradientNorm) < 1e-5)
        #expect(largestError(split.model.weights.array, doubles(whole.model.weights.array)) < 1e-5)
    }

    @Test func `a gradient that is not finite changes nothing and is reported`() throws {
        let engine = try makeEngine(threads: 1)
        _ = try step(engine)
        let before = (engine.model.weights.array, engine.moments(0), engine.moments(1))
        let statistics = try engine.trainBatch([batch]) { _, outputs in
            outputs.logProbabilities.map { _ in .infinity }
        }
        #expect(!statistics.isApplied)
        #expect(!statistics.gradientNorm.isFinite)
        #expect(engine.updateCount == 1)
        #expect(engine.model.weights.array == before.0)
        #expect(engine.moments(0) == before.1)
        #expect(engine.moments(1) == before.2)
    }

    @Test func `the coefficients see each micro-batch's outputs in turn`() throws {
        let engine = try makeEngine(threads: 1)
        var seen: [(Int, Int, Int)] = []
        let small = PackedBatch(sequences: [[1, 2]])
        let statistics = try engine.trainBatch([batch, small], entropy: .compute) { index, outputs in
            seen.append((index, outputs.logProbabilities.count, outputs.entropies.count))
            return outputs.logProbabilities.map { _ in 0 }
        }
        #expect(seen.map(\.0) == [0, 1])
        #expect(seen.map(\.1) == [12, 2])
        #expect(seen.map(\.2) == [12, 2])
        #expect(statistics == UpdateStatistics(gradientNorm: 0, learningRate: 0.03))
    }

    @Test func `a loss of the wrong length is refused`() throws {
        let engine = try makeEngine(threads: 1)
        #expect(throws: ComputeError.self) { try engine.trainBatch([batch]) { _, _ in [1, 2] } }
        #expect(engine.updateCount == 0)
    }

    private func makeEngine(threads: Int) throws -> TrainEngine {
        let model = try LanguageModel(spec: spec, seed: 11, pool: try ThreadPool(threads: threads))
        return try TrainEngine(model: model, options: OptimizerOptions(learningRate: 0.03))
    }

    /// One update on the mean loss; returns the loss before it.
    private func step(_ engine: TrainEngine) throws -> Float {
        var loss: Float = 0
        _ = try engine.trainBatch([batch]) { _, outputs in
            loss = -outputs.logProbabilities.reduce(0, +) / 9
            return outputs.logProbabilities.map { _ in Float(1) / 9 }
        }
        return loss
    }
}

extension TrainEngine {
    /// One arena of the optimizer's state, in its order.
    func moments(_ index: Int) -> [Float] { optimizer.state.moments[index].arena.array }
}
