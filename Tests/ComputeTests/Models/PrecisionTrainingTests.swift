import Testing

@testable import Compute

@Suite struct `Training in low precision` {
    private static let specs: [ModelSpec] = [
        .gpt2(vocabularySize: 11, contextLength: 16, width: 32, layers: 2, heads: 2),
        .llama(vocabularySize: 11, contextLength: 16, width: 32, layers: 2, heads: 4, keyValueHeads: 2, mlpWidth: 48),
    ]
    private let batch = PackedBatch(sequences: [[1, 2, 3, 4, 5, 6], [9, 8, 7], [2, 4, 6, 8, 10, 1, 3]])

    private func model(_ spec: ModelSpec, _ precision: Precision, recompute: RecomputeMode = .none) throws
        -> LanguageModel
    {
        let options = ModelOptions(precision: precision, recompute: recompute)
        return try LanguageModel(spec: spec, seed: 2, pool: ThreadPool(threads: 2), options: options)
    }

    private func engine(
        _ spec: ModelSpec, _ precision: Precision, scaling: LossScalerOptions? = nil
    ) throws -> TrainEngine {
        var options = OptimizerOptions(learningRate: 0.01)
        options.lossScaling = scaling
        return try TrainEngine(model: model(spec, precision), options: options)
    }

    private func step(_ engine: TrainEngine) throws -> Float {
        var loss: Float = 0
        let share = 1 / Float(batch.targets.count { $0 >= 0 })
        _ = try engine.trainBatch([batch]) { _, outputs in
            loss = -outputs.logProbabilities.reduce(0, +) * share
            return outputs.logProbabilities.map { _ in share }
        }
        return loss
    }

    @Test(arguments: 0..<2, [PrecisionMode.bfloat16, .float16, .bfloat16Storage])
    func `losses stay near those of single precision, and are not the same`(
        index: Int, mode: PrecisionMode
    ) throws {
        let precision = try Precision(mode)
        let (full, low) = try (engine(Self.specs[index], .float32), engine(Self.specs[index], precision))
        var isDifferent = false
        for update in 0..<30 {
            let (expected, loss) = try (step(full), step(low))
            #expect(abs(loss - expected) < 0.05 * max(1, expected), "update \(update + 1)")
            if loss != expected { isDifferent = true }
        }
        #expect(isDifferent)
        #expect(try step(low) < 1)
    }

    @Test func `weights that the format holds make storage exact`() throws {
        let spec = Self.specs[0]
        let (full, stored) = try (model(spec, .float32), model(spec, Precision(.bfloat16Storage)))
        let before = try stored.logits(batch)
        #expect(try before != full.logits(batch))
        for model in [full, stored] {
            model.changeWeights { NumberFormat.bfloat16.round($0.base, count: $0.count) }
        }
        #expect(try stored.logits(batch) == full.logits(batch))
    }

    @Test func `recomputed activations are rounded the same`() throws {
        let precision = try Precision(.bfloat16, whiteList: [.embedding])
        let gradients = try [RecomputeMode.none, .blocks].map { recompute in
            let model = try model(Self.specs[1], precision, recompute: recompute)
            let gradients = try Arena(count: model.table.count)
            _ = try model.forward(batch)
            try model.backward(coefficients: batch.tokens.map { _ in 0.1 }, into: gradients)
            return gradients.floats.map(\.bitPattern)
        }
        #expect(gradients[0] == gradients[1])
    }

    @Test func `gradients too small for binary16 survive by the loss scale`() throws {
        /// Norm of the gradient of the last block's expansion bias, which passes through rounded gradients only.
        func norm(scaling: LossScalerOptions?) throws -> Float {
            let engine = try engine(Self.specs[0], Precision(.float16), scaling: scaling)
            return try engine.trainBatch([batch]) { _, outputs in outputs.logProbabilities.map { _ in 1e-9 } }
                .gradientNorm
        }
        let (lost, kept) = try (norm(scaling: nil), norm(scaling: LossScalerOptions(initialScale: 0x1p24)))
        #expect(lost < 1e-10)
        #expect(kept > 1e-9)
    }

    @Test func `an overflow of binary16 lowers the scale until an update is applied`() throws {
        let scaling = LossScalerOptions(initialScale: 0x1p30, backoff: .consecutive(1))
        let engine = try engine(Self.specs[0], Precision(.float16), scaling: scaling)
        let before = engine.model.weights.array
        _ = try step(engine)
        #expect(engine.updateCount == 0 && engine.optimizer.lossScale == 0x1p29)
        #expect(engine.model.weights.array == before)
        for _ in 0..<30 { _ = try step(engine) }
        #expect(engine.updateCount > 5)
        #expect(engine.optimizer.lossScale < 0x1p29)
    }

    @Test func `a black product is single precision`() throws {
        let spec = Self.specs[0]
        let black = try Precision(.bfloat16, blackList: [.matmul, .attention])
        #expect(try model(spec, black).logits(batch) == model(spec, .float32).logits(batch))
    }
}
