import Compute
import Testing

@testable import Workers

@Suite struct `End-to-end benchmark` {
    @Test func `a policy step generates, scores and trains`() throws {
        let result = try PolicyBenchmark.run("grpo-tiny", threads: 2, seconds: 0)
        #expect(result.stepsPerSecond > 0)
        #expect(Set(result.phases.keys) == ["generate", "reward", "train"])
        #expect(abs(result.phases.values.reduce(0, +) - 1) < 1e-9)
        // An untrained policy seldom ends by itself: nearly all of 16 tokens.
        #expect(12...16 ~= result.answerTokens)
    }

    @Test func `a supervised step only trains`() throws {
        let result = try PolicyBenchmark.run("sft-tiny", threads: 2, seconds: 0)
        #expect(result.stepsPerSecond > 0)
        #expect(result.phases == ["train": 1])
        #expect(result.answerTokens == 0)
        #expect(result.breakdown.map { $0.optimizer > 0 } ?? true)
    }

    @Test func `an unknown case is refused with a suggestion`() {
        let error = #expect(throws: BenchmarkError.self) { try PolicyBenchmark.run("grpo-tny", threads: 1, seconds: 0) }
        #expect(error?.summary == "The rl benchmark has no case 'grpo-tny'. Did you mean 'grpo-tiny'?")
    }
}
