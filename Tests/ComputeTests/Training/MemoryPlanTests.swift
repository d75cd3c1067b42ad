import Testing

@testable import Compute

@Suite struct `Memory plan` {
    private func engine(
        _ kind: OptimizerKind = .adamW(AdamOptions()), layers: Int = 2, recompute: RecomputeMode = .none
    ) throws -> TrainEngine {
        let spec = ModelSpec.gpt2(vocabularySize: 10, contextLength: 64, width: 16, layers: layers, heads: 2)
        let model = try LanguageModel(
            spec: spec, seed: 1, pool: ThreadPool(threads: 2), options: ModelOptions(recompute: recompute))
        return try TrainEngine(
            model: model,
            options: OptimizerOptions(
                kind: kind, schedule: LearningRateSchedule(peak: 0.01, warmup: 0, shape: .constant)))
    }

    private func train(_ engine: TrainEngine, sequences: Int, length: Int) throws {
        let batch = PackedBatch(sequences: (0..<sequences).map { _ in (0..<length).map { Int32($0 % 10) } })
        _ = try engine.trainBatch([batch], coefficients: [batch.tokens.map { _ in 0.1 }])
    }

    @Test func `every part is what its arena holds`() throws {
        let engine = try engine()
        try train(engine, sequences: 1, length: 3)
        let plan = engine.memoryPlan
        // Embeddings 160 + 1024, two layers of 3280, the final norm 32: 7776 floats.
        #expect(plan.weights == 31_104)
        #expect(plan.gradients == 31_104)
        #expect(plan.moments == 62_208)
        // Three rows, each region in whole cache lines: 848 floats a block, 48 behind them, norm 80, head 16.
        #expect(plan.activations == 4 * (2 * 848 + 48 + 80 + 16))
        // Rows of logits are padded to a cache line.
        #expect(plan.logits == 4 * 3 * 16)
        #expect(plan.laneGradients == 0)
        #expect(plan.packedWeights > plan.weights)
        #expect(plan.activationGradients > 0 && plan.scratch > 0)
        var without = plan
        (without.weights, without.moments, without.activations) = (0, 0, 0)
        #expect(plan.total - without.total == 31_104 + 62_208 + 7360)
    }

    @Test func `a rule without moments plans none`() throws {
        let engine = try engine(.sgd(MomentumOptions()))
        #expect(engine.memoryPlan.moments == 0)
        #expect(engine.memoryPlan.activations == 0, "nothing is planned before the first batch")
    }

    @Test func `lanes that claim chunks have gradients of their own`() throws {
        let engine = try engine()
        try train(engine, sequences: 64, length: 40)
        // 2560 rows in chunks of at most 256, of six sequences each: eleven chunks in eight lanes.
        #expect(engine.memoryPlan.laneGradients == 8 * 31_104)
    }

    @Test func `recompute plans less than half of the activations, and as much of everything else`() throws {
        let plans = try [RecomputeMode.none, .blocks].map { mode in
            let engine = try engine(layers: 6, recompute: mode)
            try train(engine, sequences: 4, length: 60)
            return engine.memoryPlan
        }
        #expect(plans[1].activations * 2 < plans[0].activations)
        #expect(plans[1].total - plans[1].activations == plans[0].total - plans[0].activations)
    }
}
