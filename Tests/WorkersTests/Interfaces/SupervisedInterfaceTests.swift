import Compute
import Protocol
import Synchronization
import TestSupport
import Testing

@testable import Workers

@Suite struct SupervisedInterfaceTests {
    @Test func `the loss falls on a batch that is trained again and again`() throws {
        let tokenizer = CharacterTokenizer(covering: ["0123456789+="])
        let model = try WorkerModel(
            ModelName(.actor),
            spec: .gpt2(vocabularySize: tokenizer.vocabularySize, contextLength: 16, width: 16, layers: 1, heads: 2),
            optimizer: OptimizerOptions(learningRate: 1e-2), tokenizer: tokenizer, seed: 5, pool: ThreadPool(threads: 1)
        )
        let rows = [
            PromptRow(line: 1, prompt: "1+1=", answer: "2"),
            .init(line: 2, prompt: "2+3=", answer: "5"),
        ]
        let sample = try SequenceSample.gathered(
            rows.map {
                try PromptAnswerDataset.sample(
                    $0, id: "\($0.line)", needed: [.packedInputIDs, .promptMask], tokenizer: tokenizer)
            })
        let interface = try Interfaces.make(InterfaceReference("sft", arguments: ["max_new_tokens": .integer(2)]))
        var losses: [Double] = []
        for step in UInt64(1)...40 {
            let result = try interface.run(.trainStep(sample, CallContext(step: step, seed: 1)), on: model)
            losses.append(try #require(result.statistics.first { $0.name == "sft/loss" }).value)
        }
        #expect(abs(losses[0] - 2.56) < 0.2)
        #expect(losses[39] < 0.1)
        let evaluated = try interface.run(.evaluate(rows, CallContext(step: 40, seed: 1)), on: model).statistics
        #expect(evaluated.first?.name == "eval/accuracy")
        #expect(evaluated.first?.value == 1)
    }

    @Test func `micro-batches do not change the update`() throws {
        let sequences: [[Int32]] = [[1, 2, 3], [4, 5], [6, 7, 8, 9]]
        func trained(_ spec: MicroBatchSpec) throws -> [[Float]] {
            let tokenizer = CharacterTokenizer(covering: ["0123456789+="])
            let model = try WorkerModel(
                ModelName(.actor),
                spec: .gpt2(vocabularySize: tokenizer.vocabularySize, contextLength: 8, width: 8, layers: 1, heads: 1),
                optimizer: OptimizerOptions(learningRate: 1e-2), tokenizer: tokenizer, seed: 5,
                pool: ThreadPool(threads: 1))
            let context = CallContext(step: 1, seed: 1, microBatches: spec)
            _ = try model.train(sequences, weights: [2, 1, 3], context) { _, outputs in
                let flat = Array(outputs.logProbabilities.joined())
                return try SupervisedLoss.evaluate(flat, mask: flat.map { _ in true })
            }
            return try model.score(sequences, context)
        }
        let one = try trained(MicroBatchSpec()), three = try trained(MicroBatchSpec(minimumCount: 3))
        for (left, right) in zip(one.joined(), three.joined()) { #expect(abs(left - right) < 1e-5) }
    }

    /// A ragged batch of answers to prompts.
    private func ragged(seed: UInt64) throws -> SequenceSample {
        var generator = SplitMix(seed: seed)
        let pairs = (0..<7).map { _ in
            (Int.random(in: 1...6, using: &generator), Int.random(in: 1...9, using: &generator))
        }
        let lengths = pairs.map { [$0 + $1] }
        return try SequenceSample(
            ids: pairs.indices.map { "r\($0)" },
            columns: [
                .packedInputIDs: .init(
                    lengths: lengths,
                    array: .int32(
                        lengths.joined().flatMap { length in
                            (0..<length).map { _ in Int32.random(in: 0...12, using: &generator) }
                        })),
                .promptMask: .init(
                    lengths: lengths,
                    array: .uint8(
                        pairs.flatMap { Array(repeating: UInt8(1), count: $0) + Array(repeating: 0, count: $1) })),
            ])
    }

    private func model() throws -> WorkerModel {
        let tokenizer = CharacterTokenizer(covering: ["0123456789+="])
        return try WorkerModel(
            ModelName(.actor),
            spec: .gpt2(vocabularySize: tokenizer.vocabularySize, contextLength: 16, width: 16, layers: 2, heads: 2),
            optimizer: OptimizerOptions(learningRate: 1e-2), tokenizer: tokenizer, seed: 5,
            pool: ThreadPool(threads: 2))
    }

    @Test(arguments: [MicroBatchSpec(), MicroBatchSpec(minimumCount: 3), MicroBatchSpec(maximumTokens: 20)])
    func `statistics and weights are those of a loss that waits for the model, bit for bit`(
        spec: MicroBatchSpec
    ) throws {
        let (known, waiting) = (try model(), try model()), interface = try Interfaces.make(InterfaceReference("sft"))
        for step in UInt64(1)...3 {
            let context = CallContext(step: step, seed: 1, microBatches: spec), sample = try ragged(seed: step)
            let sequences = try TokenSequences(sample)
            let masks = sequences.map { LossMask.answer(promptMask: $0.promptMask) }
            let weights = masks.map { Double($0.count(where: \.self)) }
            let expected = try waiting.train(sequences.map(\.tokens), weights: weights, context) { indices, outputs in
                var loss = try SupervisedLoss.evaluate(
                    Array(outputs.logProbabilities.joined()), mask: indices.flatMap { masks[$0] })
                for (index, one) in zip(indices, outputs.logProbabilities) {
                    SupervisedLoss.perplexity(one, mask: masks[index]).map { loss.statistics["ppl"].add($0) }
                }
                return loss
            }
            let found = try interface.run(.trainStep(sample, context), on: known).statistics
            #expect(
                found == [
                    Metric("sft/loss", expected.loss), Metric("sft/ppl", expected.statistics["ppl"].mean),
                    Metric("sft/grad_norm", expected.gradientNorm), Metric("sft/lr", expected.learningRate),
                    Metric("sft/n_tokens", Double(sequences.reduce(0) { $0 + $1.tokens.count })),
                ])
            #expect(known.weightVersion == WeightVersion(step))
        }
        let context = CallContext(step: 4, seed: 1)
        #expect(try known.score([[1, 2, 3, 4]], context) == waiting.score([[1, 2, 3, 4]], context))
    }

    @Test func `every micro-batch shows that the work goes on`() throws {
        let count = Mutex(0)
        let context = CallContext(
            step: 1, seed: 1, microBatches: MicroBatchSpec(minimumCount: 4),
            progress: { count.withLock { $0 += 1 } })
        _ = try Interfaces.make(InterfaceReference("sft")).run(.trainStep(ragged(seed: 1), context), on: model())
        #expect(count.withLock { $0 } == 4)
    }

    @Test func `weights that are no numbers end the step with what was found where`() throws {
        let model = try model()
        var options = OptimizerOptions(learningRate: 1e30)
        options.nonFinitePolicy = .stop
        let broken = try WorkerModel(
            ModelName(.actor), spec: .gpt2(vocabularySize: 13, contextLength: 16, width: 16, layers: 1, heads: 2),
            optimizer: options, tokenizer: model.tokenizer, seed: 5, pool: ThreadPool(threads: 1))
        let interface = try Interfaces.make(InterfaceReference("sft")), sample = try ragged(seed: 1)
        _ = try interface.run(.trainStep(sample, CallContext(step: 1, seed: 1)), on: broken)
        let error = #expect(throws: WorkerError.self) {
            try interface.run(.trainStep(sample, CallContext(step: 2, seed: 1)), on: broken)
        }
        #expect(error?.summary == "the gradients of model 'actor' are not finite at step 2")
        #expect(error?.detail.hasPrefix("the supervised loss of element") == true)
        #expect(broken.weightVersion == 1)
    }
}
