import Testing

@testable import Compute

@Suite struct `Training benchmark` {
    @Test func `a case gives rates that fit together and a breakdown of all time`() throws {
        let result = try TrainingBenchmark.run("ragged", threads: 2, seconds: 0)
        #expect(result.tokensPerSecond > 0)
        #expect(result.limitOperationsPerSecond > 1e9)
        #expect(0.001...1 ~= result.shareOfLimit)
        #expect(result.peakResidentBytes > 1 << 20)
        let shares = result.breakdown
        #expect(shares.matrix > 0 && shares.attention > 0 && shares.elements > 0 && shares.optimizer > 0)
        let sum = shares.matrix + shares.attention + shares.elements + shares.optimizer + shares.idle + shares.other
        #expect(abs(sum - 1) < 0.05)
    }

    @Test func `an unknown case is refused with a suggestion`() {
        let error = #expect(throws: BenchmarkError.self) { try TrainingBenchmark.run("tinny", threads: 1, seconds: 0) }
        #expect(error?.summary == "The training benchmark has no case 'tinny'. Did you mean 'tiny'?")
        #expect(error?.hint == "Choose one of tiny, small, gpt2-124m-b4t64, gpt2-124m-b2t256, ragged.")
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

@Suite struct `Generation benchmark` {
    @Test func `the ragged case ends its answers at different lengths and says which`() throws {
        let result = try GenerationBenchmark.run("ragged", threads: 2, seconds: 0)
        #expect(result.tokensPerSecond > 0)
        #expect(result.lengths.count == 128)
        #expect(result.lengths.allSatisfy { 1...256 ~= $0 })
        let mean = Double(result.lengths.reduce(0, +)) / 128
        #expect(24.0...44 ~= mean)
    }

    @Test func `an unknown case is refused`() {
        let error = #expect(throws: BenchmarkError.self) { try GenerationBenchmark.run("tiny", threads: 1, seconds: 0) }
        #expect(error?.hint.contains("tiny-b1, tiny-b32, small-b1, small-b32, ragged") == true)
    }
}

@Suite struct `Time shares` {
    @Test func `while the caller works alone the other lanes are idle`() {
        // Two lanes, 10 s: the caller 4 s inside the pool; lanes busy for 6 s there, so 2 s were lost to waiting.
        let shares = TimeShares(
            wall: 10, threads: 2, matrix: 5, attention: 1, elements: 2, optimizer: 2, lanes: 6, calls: 4)
        #expect(shares.matrix == 0.25)
        #expect(shares.idle == 0.4)
        #expect(abs(shares.other - 0.1) < 1e-12)
    }

    @Test func `one lane is never idle`() {
        let shares = TimeShares(
            wall: 4, threads: 1, matrix: 3, attention: 0, elements: 0, optimizer: 0, lanes: 0, calls: 0)
        #expect(shares.idle == 0)
        #expect(shares.other == 0.25)
    }

    @Test func `the median is not moved by one slow run`() {
        var runs = 0
        let time = Stopwatch.median(seconds: 0, minimum: 5) {
            runs += 1
            if runs == 3 { spin(.milliseconds(30)) }
        }
        #expect(runs == 5)
        #expect(time < 0.01)
    }

    private func spin(_ duration: Duration) {
        let clock = ContinuousClock()
        let end = clock.now.advanced(by: duration)
        while clock.now < end {}
    }
}
