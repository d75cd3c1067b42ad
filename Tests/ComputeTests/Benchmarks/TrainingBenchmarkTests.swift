import Testing

@testable import Compute

@Suite struct `Training benchmark` {
    @Test func `a case gives rates that fit together and a breakdown of all time`() throws {
        let result = try TrainingBenchmark.run("ragged", threads: 2, seconds: 0)
        #expect(result.tokensPerSecond > 0)
        #expect(result.limitOperationsPerSecond > 1e9)
        #expect(0.001...1 ~= result.shareOfLimit)
        #expect(result.peakResidentBytes > 1 << 20)
        #expect(result.plannedBytes == result.planned.total)
        #expect(result.activationsWithoutRecompute == nil)
        // Absent while another test measures; others' kernels may add to it, but never take away.
        if let shares = result.breakdown {
            #expect(shares.matrix > 0 && shares.attention > 0 && shares.elements > 0 && shares.optimizer > 0)
        }
    }

    @Test func `an unknown case is refused with a suggestion`() {
        let error = #expect(throws: BenchmarkError.self) { try TrainingBenchmark.run("tinny", threads: 1, seconds: 0) }
        #expect(error?.summary == "The training benchmark has no case 'tinny'. Did you mean 'tiny'?")
        #expect(
            error?.hint
                == "Choose one of tiny, small, gpt2-124m-b4t64, gpt2-124m-b2t256, "
                + "gpt2-124m-b2t256-recompute, ragged.")
    }

    @Test func `the ragged lengths are spread over 16 to 128`() {
        let lengths = TrainingBenchmark.raggedLengths
        #expect(lengths.count == 64)
        #expect(lengths.min() == 16 && lengths.max() == 128)
        #expect(lengths.prefix(4) == [16, 81, 33, 99])
        #expect(lengths.reduce(0, +) == 4580)
    }

    @Test func `operations count each weight six times a token and half of attention`() {
        let spec = ModelSpec.gpt2(vocabularySize: 10, contextLength: 8, width: 4, layers: 2, heads: 1)
        // Weights: 2 * (64 + 128) + 40 = 424. Attention: 2 layers * 4 * 3 * 3 = 72.
        #expect(BenchmarkModels.trainingOperations(of: spec, lengths: [3]) == 6 * (424 * 3 + 72))
    }
}
