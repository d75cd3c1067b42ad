import Testing

@testable import Compute

@Suite struct `Exact resume` {
    private static let kinds: [OptimizerKind] = [
        .adamW(AdamOptions()), .adam(AdamOptions()), .sgd(MomentumOptions()),
        .sgd(MomentumOptions(momentum: 0.9, variant: .nesterov)),
    ]

    /// A model that drops elements, in binary16 with a loss scale that overflows now and then.
    private func engine(_ kind: OptimizerKind, seed: UInt64, adapter: AdapterOptions? = nil) throws -> TrainEngine {
        var spec = ModelSpec.gpt2(vocabularySize: 9, contextLength: 12, width: 16, layers: 2, heads: 2)
        spec.dropout = ModelSpec.Dropout(embedding: 0.1, attention: 0.1, residual: 0.1)
        let model = try LanguageModel(
            spec: spec, seed: seed, pool: ThreadPool(threads: 2),
            options: ModelOptions(precision: Precision(.float16), recompute: .blocks, adapter: adapter))
        let options = OptimizerOptions(
            kind: kind, schedule: LearningRateSchedule(peak: 0.02, warmup: 2.5, shape: .cosine(end: 9, minimum: 0.001)),
            lossScaling: LossScalerOptions(
                initialScale: 0x1p21, growthInterval: 2, backoff: .consecutive(1), maximumScale: 0x1p24))
        return try TrainEngine(model: model, options: options, dropoutSeed: seed)
    }

    private func train(_ engine: TrainEngine, steps: Int, data: inout SeededGenerator) throws -> [UpdateStatistics] {
        try (0..<steps).map { _ in
            let batches = (0..<2).map { _ in
                PackedBatch(
                    sequences: (0..<3).map { _ in
                        (0..<Int.random(in: 4...10, using: &data)).map { _ in Int32.random(in: 0..<9, using: &data) }
                    })
            }
            return try engine.trainBatch(batches, dropout: .active) { _, outputs in
                outputs.logProbabilities.map { _ in 0.1 }
            }
        }
    }

    private func check(_ kind: OptimizerKind, cut: Int, adapter: AdapterOptions? = nil) throws {
        let total = 9
        var data = SeededGenerator(seed: 3)
        let whole = try engine(kind, seed: 1, adapter: adapter)
        let expected = try train(whole, steps: total, data: &data)

        let scratch = try ScratchFolder()
        var firstData = SeededGenerator(seed: 3)
        let first = try engine(kind, seed: 1, adapter: adapter)
        let before = try train(first, steps: cut, data: &firstData)
        let path = try first.save(
            to: CheckpointFolder(path: scratch.path),
            state: CheckpointState(step: cut, generators: ["data": firstData]),
            tokenizer: nil)

        let second = try engine(kind, seed: 77, adapter: adapter)
        let checkpoint = try Checkpoint.open(path)
        try second.restore(from: checkpoint)
        var secondData = try #require(checkpoint.state?.generators["data"])
        let after = try train(second, steps: total - cut, data: &secondData)

        // As text: the norm of a skipped update is not a number, which equals nothing.
        #expect((before + after).map { "\($0)" } == expected.map { "\($0)" })
        #expect(second.optimizer.scaler == whole.optimizer.scaler)
        #expect(second.optimizer.nonFiniteGuard == whole.optimizer.nonFiniteGuard)
        #expect(second.dropoutGenerator == whole.dropoutGenerator)
        #expect(second.model.weights.floats.map(\.bitPattern) == whole.model.weights.floats.map(\.bitPattern))
        for (own, wanted) in zip(second.optimizer.state.moments, whole.optimizer.state.moments) {
            #expect(own.arena.floats.map(\.bitPattern) == wanted.arena.floats.map(\.bitPattern))
        }
        // The run must have had something to remember: overflows, growth, and updates.
        #expect(expected.contains { $0.skip == .lossScale })
        #expect(Set(expected.map(\.lossScale)).count > 2)
        #expect(whole.updateCount >= 3)
    }

    @Test(arguments: 0..<4, [0, 3, 8])
    func `n updates equal k, a checkpoint and the rest, with dropout and loss scale, bit for bit`(
        index: Int, cut: Int
    ) throws {
        try check(Self.kinds[index], cut: cut)
    }

    @Test func `an adapter's run too`() throws {
        try check(
            .adamW(AdamOptions()), cut: 4, adapter: AdapterOptions(rank: 2, alpha: 4, targets: .named(["c_attn"])))
    }

    @Test func `dropout differs from update to update and between micro-batches`() throws {
        let engine = try engine(.sgd(MomentumOptions()), seed: 1)
        let batch = PackedBatch(sequences: [[1, 2, 3, 4, 5]])
        var seen: [[Float]] = []
        for _ in 0..<2 {
            _ = try engine.trainBatch([batch, batch], dropout: .active) { _, outputs in
                seen.append(outputs.logProbabilities)
                return outputs.logProbabilities.map { _ in 0 }
            }
        }
        #expect(Set(seen).count == 4)
        _ = try engine.trainBatch([batch, batch]) { _, outputs in
            seen.append(outputs.logProbabilities)
            return outputs.logProbabilities.map { _ in 0 }
        }
        #expect(seen[4] == seen[5])
    }
}
