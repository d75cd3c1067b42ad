import Testing

@testable import Compute

/// A random spec of any family with odd sizes, grouped heads and heads that do not add up to the width.
private func randomModel(seed: UInt64, threads: Int) throws -> LanguageModel {
    var random = SeededGenerator(seed: seed)
    func size(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    let keyValueHeads = size(1...3)
    let scalings: [RotaryPosition.Scaling] = [
        .none, .linear(factor: 2), .dynamic(factor: 2, originalContext: 40),
        .llama3(factor: 4, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 8),
        .yarn(.init(factor: 4, originalContext: 8)),
    ]
    let rotary = RotaryPosition(base: 50, scaling: scalings[Int(seed) % 5])
    var spec: ModelSpec
    if seed % 3 == 0 {
        spec = .qwen2(
            vocabularySize: size(5...40), contextLength: 40, width: size(4...40), layers: size(1...3),
            heads: keyValueHeads * size(1...3), keyValueHeads: keyValueHeads, mlpWidth: size(1...50), rotary: rotary)
    } else {
        spec = .llama(
            vocabularySize: size(5...40), contextLength: 40, width: size(4...40), layers: size(1...3),
            heads: keyValueHeads * size(1...3), keyValueHeads: keyValueHeads, mlpWidth: size(1...50), rotary: rotary)
    }
    spec.headWidth = 2 * size(1...9)
    // Wide enough that a lane's heads are whole panels.
    if seed % 4 == 0 { spec.headWidth = 64 }
    let model = try LanguageModel(spec: spec, seed: 0, pool: ThreadPool(threads: threads))
    model.changeWeights { weights in
        for parameter in model.table.parameters {
            let isGain = !parameter.isDecayed && parameter.name.hasSuffix("weight")
            for index in parameter.range { weights.base[index] = (isGain ? 1 : 0) + 0.3 * random.normal() }
        }
    }
    return model
}

@Suite struct `Generation of every family` {
    @Test(arguments: 1...16 as ClosedRange<UInt64>)
    func `greedy answers are the training forward's best tokens, with its log-probabilities`(seed: UInt64) throws {
        let model = try randomModel(seed: seed, threads: Int(seed % 3) + 1)
        var random = SeededGenerator(seed: seed + 500)
        let vocabulary = Int32(model.spec.vocabularySize)
        let prompts = [1, 3, 17, 30].map { count in
            (0..<count).map { _ in Int32.random(in: 0..<vocabulary, using: &random) }
        }
        let options = GenerationOptions(maxNewTokens: 8, sampling: .greedy, samplesPerPrompt: 2)
        for answer in try Generator(model: model).generate(prompts: prompts, options: options, seed: seed) {
            let prompt = prompts[answer.promptIndex]
            let batch = PackedBatch(sequences: [prompt + answer.tokens])
            let logits = try model.logits(batch)
            let outputs = try model.score(batch)
            for (index, token) in answer.tokens.enumerated() {
                let place = prompt.count - 1 + index
                let row = logits[place * Int(vocabulary)..<(place + 1) * Int(vocabulary)]
                // Two nearly equal tokens may change places by rounding, so the value is compared and not the index.
                #expect((row.max() ?? 0) - row[row.startIndex + Int(token)] < 1e-4)
                #expect(abs(outputs.logProbabilities[place] - answer.logProbabilities[index]) < 1e-5)
            }
        }
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `answers do not depend on slots, threads or pages`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let prompts = [2, 9, 21, 1, 14].map { count in (0..<count).map { _ in Int32.random(in: 0..<5, using: &random) }
        }
        var options = GenerationOptions(maxNewTokens: 15, samplesPerPrompt: 6, stopTokens: [1])
        let expected = try Generator(model: randomModel(seed: seed, threads: 1)).generate(
            prompts: prompts, options: options, seed: 9)
        options.slots = 3
        options.cache.pagePositions = 16
        #expect(
            try Generator(model: randomModel(seed: seed, threads: 2)).generate(
                prompts: prompts, options: options, seed: 9) == expected)
    }

    @Test(arguments: [FamilySample.gpt2, .llama, .groupedLlama, .wideHeads, .qwen2, .yarn])
    func `answers follow the weights as they change`(sample: FamilySample) throws {
        let model = try sample.model(threads: 2)
        let generator = Generator(model: model)
        let options = GenerationOptions(maxNewTokens: 10)
        let first = try generator.generate(prompts: [[1, 2]], options: options, seed: 1)
        model.changeWeights { weights in for index in 0..<weights.count { weights.base[index] *= 1.5 } }
        #expect(try generator.generate(prompts: [[1, 2]], options: options, seed: 1) != first)
        model.changeWeights { weights in for index in 0..<weights.count { weights.base[index] /= 1.5 } }
        let again = try generator.generate(prompts: [[1, 2]], options: options, seed: 1)
        #expect(again[0].tokens == first[0].tokens)
    }

    @Test func `a value head writes no answers`() throws {
        let model = try FamilySample.critic.model()
        let error = #expect(throws: ComputeError.self) {
            try Generator(model: model).generate(
                prompts: [[1]], options: GenerationOptions(maxNewTokens: 2), seed: 1)
        }
        #expect(error?.code == .invalidBatch)
    }

    @Test func `dynamic scaling ends answers at the original context and refuses prompts beyond it`() throws {
        let model = try FamilySample.dynamic.model()
        #expect(model.spec.generationContext == 4)
        let options = GenerationOptions(maxNewTokens: 9)
        let answers = try Generator(model: model).generate(prompts: [[1, 2], [3]], options: options, seed: 1)
        #expect(answers.map(\.tokens.count) == [2, 3])
        let error = #expect(throws: ComputeError.self) {
            try Generator(model: model).generate(prompts: [[1, 2, 3, 4]], options: options, seed: 1)
        }
        #expect(
            error?.summary
                == "Prompt 0 has 4 tokens and dynamic rotary scaling starts at 4, "
                + "where every new token would turn all earlier keys.")
    }
}
