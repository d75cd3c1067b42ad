import Testing

@testable import Compute

@Suite struct `Training benchmark` {
    @Test func `it trains and gives a rate`() throws {
        #expect(try TrainingBenchmark.run(steps: 1, threads: 2) > 0)
    }
}
