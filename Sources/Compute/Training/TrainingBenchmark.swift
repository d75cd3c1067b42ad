/// The training loop that the benchmark suite times against PyTorch: `tiny`, 32 sequences of 128 tokens.
package enum TrainingBenchmark {
    /// Trained tokens per second over `steps` updates, after two that warm up caches and threads.
    package static func run(steps: Int, threads: Int) throws -> Double {
        let spec = ModelSpec.gpt2(vocabularySize: 96, contextLength: 128, width: 128, layers: 4, heads: 4)
        let model = try LanguageModel(spec: spec, seed: 1, pool: try ThreadPool(threads: threads))
        let engine = try TrainEngine(model: model, options: OptimizerOptions(learningRate: 1e-3))
        let batch = randomBatch(sequences: 32, length: 128, vocabularySize: 96)
        let share = 1 / Float(batch.targets.count { $0 >= 0 })
        let coefficients = [Float](repeating: share, count: batch.tokens.count)
        for _ in 0..<2 { _ = try engine.trainBatch([batch]) { _, _ in coefficients } }
        let elapsed = try ContinuousClock().measure {
            for _ in 0..<steps { _ = try engine.trainBatch([batch]) { _, _ in coefficients } }
        }
        return Double(steps * batch.tokens.count) / (elapsed / .seconds(1))
    }

    private static func randomBatch(sequences: Int, length: Int, vocabularySize: Int) -> PackedBatch {
        var generator = SeededGenerator(seed: 2)
        return PackedBatch(
            sequences: (0..<sequences).map { _ in
                (0..<length).map { _ in Int32.random(in: 0..<Int32(vocabularySize), using: &generator) }
            })
    }
}
