import Testing

@testable import Compute

@Suite struct `Activation recompute` {
    private static let specs: [ModelSpec] = {
        var dropping = ModelSpec.gpt2(vocabularySize: 13, contextLength: 40, width: 16, layers: 3, heads: 2)
        dropping.dropout = ModelSpec.Dropout(embedding: 0.1, attention: 0.3, residual: 0.2)
        return [
            .gpt2(vocabularySize: 13, contextLength: 40, width: 16, layers: 3, heads: 2),
            .llama(
                vocabularySize: 13, contextLength: 40, width: 16, layers: 2, heads: 4, keyValueHeads: 2, mlpWidth: 24),
            dropping,
        ]
    }()

    /// Gradients of a batch: a few rows that all threads share, or many that lanes claim in chunks.
    private func gradients(
        _ spec: ModelSpec, _ recompute: RecomputeMode, sequences: Int, threads: Int
    ) throws -> (outputs: TokenOutputs, gradients: [UInt32]) {
        let model = try LanguageModel(
            spec: spec, seed: 3, pool: ThreadPool(threads: threads), options: ModelOptions(recompute: recompute))
        let rows: [[Int32]] = (0..<sequences).map { first in
            let length = 20 + first % 17
            return (0..<length).map { Int32(($0 * 7 + first) % 13) }
        }
        let batch = PackedBatch(sequences: rows)
        let gradients = try Arena(count: model.table.count)
        let outputs = try model.forward(batch, ForwardOptions(dropoutSeed: 5))
        let share = 1 / Float(batch.tokens.count)
        try model.backward(coefficients: batch.tokens.map { _ in share }, into: gradients)
        return (outputs, gradients.floats.map(\.bitPattern))
    }

    @Test(arguments: 0..<3, [(4, 1), (4, 2), (150, 2), (150, 3)])
    func `gradients and outputs are bit-equal to those without`(index: Int, size: (Int, Int)) throws {
        let (spec, (sequences, threads)) = (Self.specs[index], size)
        let kept = try gradients(spec, .none, sequences: sequences, threads: threads)
        let recomputed = try gradients(spec, .blocks, sequences: sequences, threads: threads)
        #expect(recomputed.outputs == kept.outputs)
        #expect(recomputed.gradients == kept.gradients)
        #expect(kept.gradients.contains { $0 != 0 })
    }

    @Test func `GPT-2 of 124 million weights keeps less than a fifth of its activations`() {
        let spec = ModelSpec.gpt2(vocabularySize: 50_257, contextLength: 1024, width: 768, layers: 12, heads: 12)
        let kept = ActivationPlan(spec: spec, rows: 512, retention: .forBackward)
        let recomputed = ActivationPlan(spec: spec, rows: 512, retention: .inputs(laneRows: 512))
        // A block: input, both norms with two numbers each, q|k|v, log-sums, attended, middle, hidden, activated.
        #expect(kept.count == 512 * (12 * (768 * 16 + 4 + 12) + 768 + 768 + 2 + 1))
        #expect(recomputed.count == 512 * ((768 * 15 + 4 + 12) + 13 * 768 + 768 + 2 + 1))
        #expect(recomputed.count * 5 < kept.count * 1)
    }

    @Test func `a claimed batch keeps the rows of its lanes only once`() {
        let spec = Self.specs[0]
        let kept = ActivationPlan(spec: spec, rows: 4096, retention: .forBackward)
        let recomputed = ActivationPlan(spec: spec, rows: 4096, retention: .inputs(laneRows: 2 * 512))
        #expect(recomputed.count * 2 < kept.count)
    }
}
