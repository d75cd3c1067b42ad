import Testing

@testable import Compute

@Suite struct `Training on coefficients known beforehand` {
    private func engine(
        threads: Int = 2, adapter: AdapterOptions? = nil, policy: NonFinitePolicy = .skip(consecutiveLimit: nil)
    ) throws -> TrainEngine {
        var spec = ModelSpec.gpt2(vocabularySize: 9, contextLength: 12, width: 16, layers: 3, heads: 2)
        spec.dropout = ModelSpec.Dropout(embedding: 0.2, residual: 0.2)
        let model = try LanguageModel(
            spec: spec, seed: 3, pool: ThreadPool(threads: threads), options: ModelOptions(adapter: adapter))
        var options = OptimizerOptions(learningRate: 0.02)
        options.nonFinitePolicy = policy
        return try TrainEngine(model: model, options: options, dropoutSeed: 8)
    }

    /// Micro-batches of ragged sequences: few, which all threads share, or so many that threads claim their chunks.
    private func batches(sequences: Int) -> [PackedBatch] {
        var generator = SeededGenerator(seed: 12)
        return (0..<2).map { _ in
            PackedBatch(
                sequences: (0..<sequences).map { _ in
                    (0..<Int.random(in: 1...12, using: &generator)).map { _ in
                        Int32.random(in: 0..<9, using: &generator)
                    }
                })
        }
    }

    private func coefficients(_ batches: [PackedBatch]) -> [[Float]] {
        var generator = SeededGenerator(seed: 5)
        return batches.map { batch in batch.targets.map { $0 < 0 ? 0 : Float.random(in: 0...0.1, using: &generator) } }
    }

    @Test(arguments: [3, 400], [1, 2])
    func `three updates are those of two passes, bit for bit`(sequences: Int, threads: Int) throws {
        let batches = batches(sequences: sequences), coefficients = coefficients(batches)
        let accumulation = try GradientAccumulation(weights: [3, 1], mean: .tokenWeighted)
        let (one, two) = (try engine(threads: threads), try engine(threads: threads))
        for _ in 0..<3 {
            var apart: [TokenOutputs] = [], together: [TokenOutputs] = []
            let expected = try two.trainBatch(batches, dropout: .active, accumulation: accumulation) { index, outputs in
                apart.append(outputs)
                return coefficients[index]
            }
            let statistics = try one.trainBatch(
                batches, coefficients: coefficients, dropout: .active, accumulation: accumulation
            ) { _, outputs in together.append(outputs) }
            #expect(statistics == expected)
            #expect(together == apart)
        }
        #expect(one.model.weights.floats.map(\.bitPattern) == two.model.weights.floats.map(\.bitPattern))
        #expect(one.dropoutGenerator == two.dropoutGenerator)
    }

    @Test func `activations of one chunk a thread are kept, not the batch's`() throws {
        let batches = batches(sequences: 2000), coefficients = coefficients(batches)
        let (one, two) = (try engine(), try engine())
        _ = try one.trainBatch(batches, coefficients: coefficients)
        _ = try two.trainBatch(batches) { index, _ in coefficients[index] }
        let rows = batches.map(\.tokens.count).max() ?? 0
        #expect(rows > 10_000)
        #expect(one.model.memory.activations.count * 8 < two.model.memory.activations.count)
    }

    @Test func `what measuring throws leaves the weights as they were`() throws {
        struct Refusal: Error {}
        let engine = try engine(), before = engine.model.weights.array
        let batches = batches(sequences: 3)
        #expect(throws: Refusal.self) {
            try engine.trainBatch(batches, coefficients: coefficients(batches)) { _, _ in throw Refusal() }
        }
        #expect(engine.model.weights.array == before)
        #expect(engine.updateCount == 0)
    }

    @Test func `a coefficient that is no number is judged by the policy`() throws {
        let batches = batches(sequences: 3)
        var broken = coefficients(batches)
        broken[1][0] = .nan
        let engine = try engine()
        #expect(try engine.trainBatch(batches, coefficients: broken).skip == .loss)
        #expect(throws: ComputeError.self) {
            try self.engine(policy: .stop).trainBatch(batches, coefficients: broken)
        }
    }

    @Test func `an adapter trains on them too`() throws {
        let batches = batches(sequences: 3), coefficients = coefficients(batches)
        let adapter = AdapterOptions(rank: 2, alpha: 4, targets: .allLinear)
        let (one, two) = (try engine(adapter: adapter), try engine(adapter: adapter))
        for _ in 0..<2 {
            _ = try one.trainBatch(batches, coefficients: coefficients)
            _ = try two.trainBatch(batches) { index, _ in coefficients[index] }
        }
        #expect(one.model.weights.floats.map(\.bitPattern) == two.model.weights.floats.map(\.bitPattern))
    }
}
