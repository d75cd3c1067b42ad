import Testing

@testable import Compute

@Suite struct `The memory that work is expected to take` {
    private static let spec = ModelSpec.gpt2(vocabularySize: 60, contextLength: 32, width: 16, layers: 2, heads: 2)

    private func engine(_ recompute: RecomputeMode = .none) throws -> TrainEngine {
        let model = try LanguageModel(
            spec: Self.spec, seed: 1, pool: ThreadPool(threads: 2), options: ModelOptions(recompute: recompute))
        return try TrainEngine(model: model, options: OptimizerOptions(learningRate: 1e-3))
    }

    private func batch(_ load: SequenceLoad) -> PackedBatch {
        PackedBatch(sequences: (0..<load.sequences).map { row in (0..<load.length).map { Int32(($0 + row) % 60) } })
    }

    /// What the arenas hold after an update, against what was expected.
    @Test(arguments: [(64, .none), (64, .blocks), (3, .none)] as [(Int, RecomputeMode)])
    func `of a policy update is near what its arenas hold`(sequences: Int, recompute: RecomputeMode) throws {
        let load = SequenceLoad(sequences: sequences, length: 32), engine = try engine(recompute)
        let batch = batch(load)
        _ = try engine.trainBatch([batch]) { _, outputs in outputs.logProbabilities.map { _ in 1 } }
        let held = engine.memoryPlan
        let expected = Self.spec.memoryOfPolicyUpdate(load, recompute: recompute, threads: 2)
        let ratio = Double(expected.activations) / Double(held.activations + held.activationGradients)
        #expect((0.8...1.6).contains(ratio), "\(ratio)")
        #expect(
            (0.9...1.1).contains(Double(expected.logits) / Double(held.logits)), "\(expected.logits) \(held.logits)")
    }

    @Test func `of a supervised update does not grow with the batch`() {
        func memory(_ sequences: Int) -> WorkingMemory {
            Self.spec.memoryOfSupervisedUpdate(SequenceLoad(sequences: sequences, length: 32), threads: 2)
        }
        #expect(memory(100) == memory(1000))
        #expect(memory(1) != memory(100))
    }

    @Test func `of generation is one row at least, and the cache's limit at most`() {
        func cache(_ sequences: Int, limit: Int) -> Int {
            Self.spec.memoryOfGeneration(
                SequenceLoad(sequences: sequences, length: 32), options: CacheOptions(byteLimit: limit)
            ).cache
        }
        // 32 positions of 2 layers, keys and values of 16 floats: one page.
        #expect(cache(10, limit: 1 << 30) == 10 * 32 * 2 * 2 * 16 * 4)
        #expect(cache(10, limit: 20_000) == 20_000)
        #expect(cache(10, limit: 1) == 32 * 2 * 2 * 16 * 4)
    }
}
