import Testing

@testable import Compute

@Suite struct `Writing answers` {
    private let fixture: GenerationFixture

    init() throws { fixture = try GenerationFixture() }

    @Test func `greedy decoding takes the most probable token of the full forward pass at every step`() throws {
        let answers = try fixture.answers(GenerationOptions(maxNewTokens: 8, sampling: .greedy))
        #expect(answers.count == 6)
        for answer in answers {
            let prompt = GenerationFixture.prompts[answer.promptIndex]
            let logits = fixture.reference.logits(prompt + answer.tokens)
            for (index, token) in answer.tokens.enumerated() {
                let row = logits[prompt.count - 1 + index]
                #expect(row.indices.max { row[$0] < row[$1] } == Int(token))
            }
        }
    }

    @Test(arguments: [
        Sampling.greedy, .sample(), .sample(temperature: 0.7), .sample(temperature: 1.4, topK: 3, topP: 0.9),
    ])
    func `recorded log-probabilities are those of the full forward pass`(sampling: Sampling) throws {
        let options = GenerationOptions(maxNewTokens: 9, sampling: sampling, samplesPerPrompt: 2, stopTokens: [0])
        var temperature: Float = 1
        if case .sample(let given, _, _) = sampling { temperature = given }
        for answer in try fixture.answers(options) {
            let prompt = GenerationFixture.prompts[answer.promptIndex]
            let logits = fixture.reference.logits(prompt + answer.tokens)
            for (index, token) in answer.tokens.enumerated() {
                let expected = ReferenceModel.logProbabilities(
                    logits[prompt.count - 1 + index], temperature: Double(temperature))[Int(token)]
                #expect(abs(Double(answer.logProbabilities[index]) - expected) < 1e-5)
            }
        }
    }

    @Test func `recorded log-probabilities equal those of the training forward`() throws {
        let options = GenerationOptions(maxNewTokens: 9, samplesPerPrompt: 3, stopTokens: [0])
        let answers = try fixture.answers(options)
        let sequences = answers.map { GenerationFixture.prompts[$0.promptIndex] + $0.tokens }
        let outputs = try fixture.model.score(PackedBatch(sequences: sequences))
        var start = 0
        for (answer, sequence) in zip(answers, sequences) {
            let first = start + sequence.count - answer.tokens.count - 1
            for (index, recorded) in answer.logProbabilities.enumerated() {
                #expect(abs(outputs.logProbabilities[first + index] - recorded) < 1e-5)
            }
            start += sequence.count
        }
    }

    @Test func `answers are ordered by prompt, then sample, and samples differ`() throws {
        let answers = try fixture.answers(GenerationOptions(maxNewTokens: 8, samplesPerPrompt: 3))
        #expect(answers.map(\.promptIndex) == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5])
        #expect(Set(answers.map(\.tokens)).count > 12)
    }

    @Test(arguments: [1, 2, 3, 5, 7, 100])
    func `answers do not depend on the number of slots`(slots: Int) throws {
        var options = GenerationOptions(maxNewTokens: 10, samplesPerPrompt: 4, stopTokens: [0, 1])
        let expected = try fixture.answers(options)
        options.slots = slots
        #expect(try fixture.answers(options) == expected)
    }

    @Test func `answers do not depend on the number of threads`() throws {
        let options = GenerationOptions(maxNewTokens: 10, samplesPerPrompt: 4, stopTokens: [0])
        let expected = try fixture.answers(options)
        #expect(try GenerationFixture(threads: 1).answers(options) == expected)
        #expect(try GenerationFixture(threads: 3).answers(options) == expected)
    }

    @Test(arguments: [16, 48, 64])
    func `answers do not depend on the size of a page`(positions: Int) throws {
        let fixture = try GenerationFixture(contextLength: 100)
        var options = GenerationOptions(maxNewTokens: 90, samplesPerPrompt: 3, stopTokens: [0])
        let expected = try fixture.answers(options)
        options.cache.pagePositions = positions
        #expect(try fixture.answers(options) == expected)
    }

    @Test(arguments: [0, 5, 9, 14, 30], [1, 3])
    func `answers do not depend on the memory, which may be too little for all rows`(
        pages: Int, samples: Int
    ) throws {
        let fixture = try GenerationFixture(contextLength: 100)
        var options = GenerationOptions(maxNewTokens: 80, samplesPerPrompt: samples, stopTokens: [0])
        options.cache.pagePositions = 16
        let expected = try fixture.answers(options)
        #expect(expected.contains { $0.tokens.count > 40 }, "rows must grow over several pages")
        options.cache.byteLimit = pages * CacheLayout(spec: fixture.model.spec, options: options.cache).pageBytes
        #expect(try fixture.answers(options) == expected)
    }

    @Test(arguments: [1, 2, 3], [1, 15, 16, 17, 40, 80])
    func `a prompt that waits never keeps its own samples out`(slots: Int, length: Int) throws {
        let fixture = try GenerationFixture(contextLength: 100)
        let prompts = (0..<2).map { start in (0..<length).map { Int32((start + $0 * 3) % 11) } }
        var options = GenerationOptions(maxNewTokens: 18, samplesPerPrompt: 4)
        options.cache.pagePositions = 16
        let expected = try fixture.answers(options, to: prompts)
        options.slots = slots
        options.cache.byteLimit = 0
        #expect(try fixture.answers(options, to: prompts) == expected)
    }

    @Test func `answers do not depend on which way rows are shared among lanes`() throws {
        let options = GenerationOptions(maxNewTokens: 6, samplesPerPrompt: 30, stopTokens: [0], slots: 90)
        let expected = try fixture.answers(options)
        var few = options
        few.slots = 2
        #expect(try fixture.answers(few) == expected)
    }

    @Test func `an answer does not depend on the prompts beside it`() throws {
        let options = GenerationOptions(maxNewTokens: 10, samplesPerPrompt: 2, stopTokens: [0])
        let expected = try fixture.answers(options)
        let prompts = GenerationFixture.prompts
        let others = Array(prompts.prefix(2)) + [[1, 1, 1, 1, 1, 1, 1, 1, 1]]
        #expect(try fixture.answers(options, to: others).prefix(4) == expected.prefix(4))
        #expect(try fixture.answers(options, to: [prompts[0]]) == Array(expected.prefix(2)))
    }

    @Test func `another seed gives other answers and the same seed the same`() throws {
        let options = GenerationOptions(maxNewTokens: 10)
        let first = try fixture.answers(options, seed: 1)
        #expect(try fixture.answers(options, seed: 1) == first)
        #expect(try fixture.answers(options, seed: 2) != first)
    }

    @Test func `answers end at their own stop tokens and lengths`() throws {
        let options = GenerationOptions(maxNewTokens: 12, samplesPerPrompt: 8, stopTokens: [0, 5])
        let answers = try fixture.answers(options)
        for answer in answers {
            #expect(!answer.tokens.dropLast().contains { $0 == 0 || $0 == 5 })
            let isStopped = answer.tokens.last == 0 || answer.tokens.last == 5
            #expect(answer.finish == (isStopped ? .stop : .length))
            #expect(isStopped || answer.tokens.count == 12)
            #expect(answer.logProbabilities.count == answer.tokens.count)
        }
        #expect(Set(answers.map(\.tokens.count)).count > 4, "the fixture must finish raggedly")
    }

    @Test func `no stop token is drawn before the minimum length`() throws {
        let options = GenerationOptions(
            maxNewTokens: 9, minNewTokens: 5, samplesPerPrompt: 8, stopTokens: [0, 1, 2, 3, 4, 5])
        let lengths = try fixture.answers(options).map(\.tokens.count)
        #expect(lengths.min() == 6)
        #expect(lengths.allSatisfy { $0 <= 9 })
    }

    @Test func `each prompt has its own limit where limits are given`() throws {
        let options = GenerationOptions(maxNewTokens: 3, samplesPerPrompt: 2)
        let prompts = GenerationFixture.prompts
        let answers = try fixture.generator.generate(
            prompts: prompts, options: options, limits: [1, 2, 9, 4, 100, 3], seed: 1)
        #expect(answers.map(\.tokens.count) == [1, 1, 2, 2, 9, 9, 4, 4, 19, 19, 3, 3])
        let free = try fixture.answers(GenerationOptions(maxNewTokens: 20, samplesPerPrompt: 2))
        for (answer, longer) in zip(answers, free) {
            #expect(longer.tokens.starts(with: answer.tokens))
        }
    }

    @Test func `limits that do not fit the prompts are refused`() {
        for limits in [[1], [1, 2, 3, 4, 5, 0]] {
            let error = #expect(throws: ComputeError.self) {
                try fixture.generator.generate(
                    prompts: GenerationFixture.prompts, options: GenerationOptions(maxNewTokens: 3), limits: limits,
                    seed: 1)
            }
            #expect(error?.code == .invalidBatch)
        }
    }

    @Test func `entropies are those of the training forward at the same temperature`() throws {
        let options = GenerationOptions(
            maxNewTokens: 9, sampling: .sample(temperature: 1.7, topK: 5), samplesPerPrompt: 2, entropy: .compute)
        for answer in try fixture.answers(options) {
            let prompt = GenerationFixture.prompts[answer.promptIndex]
            let outputs = try fixture.model.score(
                PackedBatch(sequences: [prompt + answer.tokens]), ForwardOptions(entropy: .compute, temperature: 1.7))
            for index in answer.tokens.indices {
                #expect(abs(answer.entropies[index] - outputs.entropies[prompt.count - 1 + index]) < 1e-5)
                #expect(abs(answer.logProbabilities[index] - outputs.logProbabilities[prompt.count - 1 + index]) < 1e-5)
            }
        }
        #expect(try fixture.answers(GenerationOptions(maxNewTokens: 2)).allSatisfy { $0.entropies.isEmpty })
    }

    @Test func `a narrow cache gives nearly the same log-probabilities in half the memory`() throws {
        var options = GenerationOptions(maxNewTokens: 1, sampling: .greedy)
        let prompts = (0..<8).map { start in (0..<20).map { Int32((start * 5 + $0 * 7) % 11) } }
        let wide = try fixture.answers(options, to: prompts)
        options.cache.storage = .bfloat16
        let narrow = try fixture.answers(options, to: prompts)
        var differs = false
        for (left, right) in zip(wide, narrow) where left.tokens == right.tokens {
            #expect(abs(left.logProbabilities[0] - right.logProbabilities[0]) < 0.05)
            differs = differs || left.logProbabilities != right.logProbabilities
        }
        #expect(differs, "keys and values must have been rounded")
        let bytes = [CacheOptions(storage: .float32), CacheOptions(storage: .bfloat16)].map {
            CacheLayout(spec: fixture.model.spec, options: $0).pageBytes
        }
        #expect(bytes[0] == 2 * bytes[1])
    }

    @Test func `a penalty on repetition is drawn with the changed and recorded with the plain logits`() throws {
        let options = GenerationOptions(maxNewTokens: 12, sampling: .greedy, repetitionPenalty: 3)
        for answer in try fixture.answers(options) {
            let prompt = GenerationFixture.prompts[answer.promptIndex]
            let logits = fixture.reference.logits(prompt + answer.tokens)
            for (index, token) in answer.tokens.enumerated() {
                let plain = logits[prompt.count - 1 + index]
                var changed = plain
                for seen in Set(prompt + answer.tokens[..<index]) {
                    changed[Int(seen)] = plain[Int(seen)] < 0 ? plain[Int(seen)] * 3 : plain[Int(seen)] / 3
                }
                #expect(changed.indices.max { changed[$0] < changed[$1] } == Int(token))
                let expected = ReferenceModel.logProbabilities(plain)[Int(token)]
                #expect(abs(Double(answer.logProbabilities[index]) - expected) < 1e-5)
            }
        }
    }

    @Test func `an answer ends where the context ends`() throws {
        let prompt = [Int32](repeating: 2, count: 20)
        let answers = try fixture.answers(GenerationOptions(maxNewTokens: 1000), to: [prompt, [1]])
        #expect(answers.map(\.tokens.count) == [4, 23])
        #expect(answers.map(\.finish) == [.length, .length])
    }

    @Test func `a prompt longer than one block of rows is computed in pieces`() throws {
        let fixture = try GenerationFixture(contextLength: 160)
        let prompt = (0..<150).map { Int32($0 * 7 % 11) }
        let answer = try fixture.answers(GenerationOptions(maxNewTokens: 4, sampling: .greedy), to: [prompt])[0]
        let outputs = try fixture.model.score(PackedBatch(sequences: [prompt + answer.tokens]))
        for (index, recorded) in answer.logProbabilities.enumerated() {
            #expect(abs(outputs.logProbabilities[149 + index] - recorded) < 1e-5)
        }
    }

    @Test func `progress counts every token`() throws {
        var seen: [Int] = []
        let answers = try fixture.generator.generate(
            prompts: GenerationFixture.prompts, options: GenerationOptions(maxNewTokens: 6, stopTokens: [0]), seed: 1
        ) { seen.append($0) }
        #expect(seen == seen.sorted())
        #expect(seen.last == answers.reduce(0) { $0 + $1.tokens.count })
    }

    @Test func `no prompts give no answers`() throws {
        #expect(try fixture.answers(GenerationOptions(maxNewTokens: 6), to: []) == [])
    }

    @Test(arguments: [
        ([[1], []], GenerationOptions(maxNewTokens: 4), "Prompt 1 is empty."),
        (
            [[Int32](repeating: 1, count: 24)], GenerationOptions(maxNewTokens: 4),
            "Prompt 0 has 24 tokens and the context of 24 has no room left."
        ),
        ([[11]], GenerationOptions(maxNewTokens: 4), "Prompt 0 holds token 11, outside the vocabulary of 11."),
        ([[-1]], GenerationOptions(maxNewTokens: 4), "Prompt 0 holds token -1, outside the vocabulary of 11."),
        ([[1]], GenerationOptions(maxNewTokens: 0), "Generation refused: maxNewTokens is 0."),
        (
            [[1]], GenerationOptions(maxNewTokens: 2, minNewTokens: 3),
            "Generation refused: minNewTokens is 3 with maxNewTokens 2."
        ),
        ([[1]], GenerationOptions(maxNewTokens: 2, samplesPerPrompt: 0), "Generation refused: samplesPerPrompt is 0."),
        ([[1]], GenerationOptions(maxNewTokens: 2, slots: 0), "Generation refused: slots is 0."),
        (
            [[1]], GenerationOptions(maxNewTokens: 2, minNewTokens: 1, stopTokens: Array(0..<11)),
            "Generation refused: every token is a stop token."
        ),
        (
            [[1]], GenerationOptions(maxNewTokens: 2, repetitionPenalty: 0),
            "Generation refused: repetitionPenalty is 0.0 and must be above 0."
        ),
        (
            [[1]], GenerationOptions(maxNewTokens: 2, cache: CacheOptions(pagePositions: 20)),
            "Generation refused: pagePositions is 20 and must be a multiple of 16."
        ),
        (
            [[1]], GenerationOptions(maxNewTokens: 2, sampling: .sample(temperature: -1)),
            "Generation refused: temperature -1.0 is not above 0."
        ),
    ])
    func `what cannot be served is refused with the reason`(
        prompts: [[Int32]], options: GenerationOptions, summary: String,
    ) {
        let error = #expect(throws: ComputeError.self) { try fixture.answers(options, to: prompts) }
        #expect(error?.code == .invalidBatch)
        #expect(error?.summary == summary)
    }

    @Test func `broken weights are an error, not an answer`() throws {
        fixture.model.weights.base[0] = .nan
        let error = #expect(throws: ComputeError.self) { try fixture.answers(GenerationOptions(maxNewTokens: 4)) }
        #expect(error?.code == .notFinite)
    }

    @Test(arguments: [Sampling.greedy, .sample(), .sample(temperature: 5), .sample(topK: 3), .sample(topP: 0.5)])
    func `tokens without a text are never drawn`(sampling: Sampling) throws {
        let options = GenerationOptions(maxNewTokens: 12, sampling: sampling, samplesPerPrompt: 8)
        // Every other one of those that are drawn where all may be.
        let drawn = Set(try fixture.answers(options).flatMap(\.tokens)).sorted()
        let padding = stride(from: 0, to: drawn.count, by: 2).map { drawn[$0] }
        #expect(!padding.isEmpty && padding.count < 11)
        let generator = Generator(model: fixture.model, withoutText: padding)
        for answer in try generator.generate(prompts: GenerationFixture.prompts, options: options, seed: 1) {
            #expect(!answer.tokens.contains(where: padding.contains))
        }
    }
}
