import Testing

@testable import Compute

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
        #expect(error?.hint?.contains("tiny-b1, tiny-b32, small-b1, small-b32, ragged") == true)
    }
}
