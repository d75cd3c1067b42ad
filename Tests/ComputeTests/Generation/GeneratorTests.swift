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

    @Test(arguments: [Sampling.greedy, .sample(), .sample(temperature: 0.7), .sample(temperature: 1.4, topK: 3, topP: 0.9)])
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
}
