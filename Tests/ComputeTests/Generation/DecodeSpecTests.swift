import Testing

@testable import Compute

/// A random GPT-2 spec of odd sizes, its weights, and the slow model of the same weights.
struct RandomModel {
    let model: LanguageModel
    let reference: ReferenceModel

    init(seed: UInt64, threads: Int = 2) throws {
        var random = SeededGenerator(seed: seed)
        let heads = Int.random(in: 1...4, using: &random)
        let width = heads * Int.random(in: 1...11, using: &random)
        let spec = ModelSpec.gpt2(
            vocabularySize: Int.random(in: 2...40, using: &random), contextLength: 40, width: width,
            layers: Int.random(in: 1...3, using: &random), heads: heads,
            mlpWidth: Int.random(in: 1...50, using: &random))
        model = try LanguageModel(spec: spec, seed: 0, pool: ThreadPool(threads: threads))
        for parameter in model.table.parameters {
            let isGain = parameter.name.contains("ln_") && parameter.name.hasSuffix("weight")
            for index in parameter.range { model.weights.base[index] = (isGain ? 1 : 0) + 0.4 * random.normal() }
        }
        reference = ReferenceModel(spec: spec, table: model.table, weights: model.weights)
    }

    /// Random tokens of the model's vocabulary.
    func tokens(_ count: Int, _ random: inout SeededGenerator) -> [Int32] {
        (0..<count).map { _ in Int32.random(in: 0..<Int32(model.spec.vocabularySize), using: &random) }
    }
}

@Suite struct `Decoding of random models` {
    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `cached decoding gives the logits of the full forward pass`(seed: UInt64) throws {
        let random = try RandomModel(seed: seed, threads: Int(seed % 3) + 1)
        let model = random.model
        var generator = SeededGenerator(seed: seed + 100)
        let sequences = [1, 2, 17, 40].map { random.tokens($0, &generator) }
        let pass = try DecodePass.make(model, slots: 4, capacity: 40)
        // Each sequence enters with a prompt of its own length and then grows a token at a time, beside the others.
        var done = sequences.map { max(1, $0.count / 3) }
        let expected = sequences.map { random.reference.logits($0) }
        for step in 0... {
            var batch = DecodeBatch()
            var rows: [(slot: Int, row: Int)] = []
            for (slot, sequence) in sequences.enumerated() {
                let first = step == 0 ? 0 : done[slot]
                if step > 0, first < sequence.count { done[slot] += 1 }
                guard first < done[slot] else { continue }
                #expect(try pass.cache.reserve(slot: slot, positions: first..<done[slot]))
                rows.append((slot, batch.append(sequence[first..<done[slot]], at: first, slot: slot)))
            }
            if rows.isEmpty { break }
            pass.run(batch)
            for (slot, row) in rows {
                #expect(largestError(Array(pass.logits(sequence: row)), expected[slot][done[slot] - 1]) < 2e-4)
            }
        }
        #expect(done == sequences.map(\.count))
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `answers are those of a naive generator with the same numbers`(seed: UInt64) throws {
        let random = try RandomModel(seed: seed)
        var generator = SeededGenerator(seed: seed + 200)
        let prompts = [1, 5, 23].map { random.tokens($0, &generator) }
        let options = GenerationOptions(
            maxNewTokens: 6, sampling: .greedy, samplesPerPrompt: 2, stopTokens: [1], slots: 2)
        let answers = try Generator(model: random.model).generate(prompts: prompts, options: options, seed: seed)
        #expect(answers.map(\.promptIndex) == [0, 0, 1, 1, 2, 2])
        for answer in answers {
            var sequence = prompts[answer.promptIndex]
            for (token, recorded) in zip(answer.tokens, answer.logProbabilities) {
                let logits = try #require(random.reference.logits(sequence).last)
                let expected = ReferenceModel.logProbabilities(logits)
                // Two nearly equal tokens may change places by rounding, so the value is compared and not the index.
                #expect(abs(expected[Int(token)] - (expected.max() ?? 0)) < 1e-3)
                #expect(abs(Double(recorded) - expected[Int(token)]) < 1e-4)
                sequence.append(token)
            }
            #expect(answer.tokens.count == 6 || answer.tokens.last == 1)
        }
    }
}
