import Testing

@testable import Compute

private let lengths = [
    GenerationOptions(maxNewTokens: 1), GenerationOptions(maxNewTokens: 7, minNewTokens: 7, stopTokens: [0, 1, 2]),
    GenerationOptions(maxNewTokens: 9, minNewTokens: 3, samplesPerPrompt: 3, stopTokens: [0, 5, 5], slots: 2),
    GenerationOptions(maxNewTokens: .max, minNewTokens: 2, stopTokens: [4, 99, -1], slots: 1),
    GenerationOptions(maxNewTokens: 5, sampling: .sample(temperature: 0.01), samplesPerPrompt: 2, slots: 100),
    GenerationOptions(
        maxNewTokens: 12, minNewTokens: 6, sampling: .sample(temperature: 0.05, topK: 2), stopTokens: Array(0..<10)),
]

@Suite struct `Generation options` {
    @Test(arguments: lengths)
    func `every answer keeps to its lengths and stop tokens`(options: GenerationOptions) throws {
        let fixture = try GenerationFixture()
        let prompts = GenerationFixture.prompts
        let answers = try fixture.answers(options)
        #expect(answers.count == prompts.count * options.samplesPerPrompt)
        for (index, answer) in answers.enumerated() {
            #expect(answer.promptIndex == index / options.samplesPerPrompt)
            let limit = min(options.maxNewTokens, 24 - prompts[answer.promptIndex].count)
            let stop = answer.tokens.firstIndex { options.stopTokens.contains($0) }
            #expect(stop.map { $0 == answer.tokens.count - 1 } ?? (answer.tokens.count == limit))
            #expect(stop.map { $0 >= options.minNewTokens } ?? true)
            #expect(answer.finish == (stop == nil ? .length : .stop))
            #expect(answer.logProbabilities.count == answer.tokens.count)
            #expect(answer.logProbabilities.allSatisfy { $0 <= 1e-6 && $0.isFinite })
        }
    }

    @Test func `a model sure of its stop token still writes the minimum`() throws {
        let fixture = try GenerationFixture()
        // The final norm's shift points along token 0's row, so that its logit towers above all others.
        let shift = try #require(fixture.model.table["transformer.ln_f.bias"])
        let rows = try #require(fixture.model.table["transformer.wte.weight"])
        for index in 0..<shift.count {
            fixture.model.weights.base[shift.offset + index] = 300 * fixture.model.weights.base[rows.offset + index]
        }
        for temperature in [1, 0.01] as [Float] {
            let options = GenerationOptions(
                maxNewTokens: 8, minNewTokens: 4, sampling: .sample(temperature: temperature), stopTokens: [0])
            for answer in try fixture.answers(options) {
                #expect(answer.tokens.count == 5)
                #expect(answer.tokens.firstIndex(of: 0) == 4)
                #expect(answer.finish == .stop)
            }
        }
    }

    @Test(arguments: [
        (GenerationOptions(maxNewTokens: 1, samplesPerPrompt: .max), "samplesPerPrompt is 9223372036854775807"),
        (GenerationOptions(maxNewTokens: .min), "maxNewTokens is -9223372036854775808"),
        (GenerationOptions(maxNewTokens: 3, minNewTokens: -1), "minNewTokens is -1 with maxNewTokens 3"),
        (GenerationOptions(maxNewTokens: 3, samplesPerPrompt: 1, slots: -1), "slots is -1"),
        (
            GenerationOptions(maxNewTokens: 3, minNewTokens: 1, stopTokens: Array(-5..<40)),
            "every token is a stop token"
        ),
        (
            GenerationOptions(maxNewTokens: 3, sampling: .sample(temperature: 0x1p-130)),
            "temperature 7.34684e-40 is too small; take greedy sampling"
        ),
    ])
    func `settings that cannot work are refused before any memory is asked for`(
        options: GenerationOptions, fault: String,
    ) throws {
        let fixture = try GenerationFixture()
        let error = #expect(throws: ComputeError.self) { try fixture.answers(options) }
        #expect(error?.code == .invalidBatch)
        #expect(error?.summary == "Generation refused: \(fault).")
    }

    @Test func `stop tokens outside the vocabulary do not count as all of them`() throws {
        let fixture = try GenerationFixture()
        let options = GenerationOptions(maxNewTokens: 3, minNewTokens: 1, stopTokens: Array(1..<40))
        #expect(try fixture.answers(options).count == GenerationFixture.prompts.count)
    }

    @Test func `a row's draws are its own, whichever others stop early`() throws {
        let fixture = try GenerationFixture()
        let free = try fixture.answers(GenerationOptions(maxNewTokens: 10, samplesPerPrompt: 3, slots: 3))
        for stop in 0..<4 as Range<Int32> {
            let options = GenerationOptions(maxNewTokens: 10, samplesPerPrompt: 3, stopTokens: [stop], slots: 3)
            for (whole, cut) in zip(free, try fixture.answers(options)) {
                #expect(Array(whole.tokens.prefix(cut.tokens.count)) == cut.tokens)
                #expect(Array(whole.logProbabilities.prefix(cut.tokens.count)) == cut.logProbabilities)
            }
        }
    }
}
