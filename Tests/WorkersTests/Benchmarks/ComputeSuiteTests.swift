import Compute
import Testing

@testable import Workers

@Suite struct `Compute suites` {
    @Test func `every suite names its cases, the usual one first`() {
        #expect(ComputeSuite.allCases.map(\.rawValue) == ["training", "generation", "rl", "kernels"])
        #expect(ComputeSuite.allCases.map { $0.cases.first } == ["tiny", "tiny-b1", "grpo-tiny", "all"])
        #expect(ComputeSuite.training.cases.contains("gpt2-124m-b2t256-recompute"))
        #expect(ComputeSuite.kernels.cases.contains("attention-tiny"))
    }

    @Test(arguments: ComputeSuite.allCases)
    func `a case that a suite does not have is refused with the ones it has`(suite: ComputeSuite) throws {
        let error = #expect(throws: BenchmarkError.self) { try suite.run("nonsense", threads: 1, seconds: 0) }
        #expect(error?.summary == "The \(suite.rawValue) benchmark has no case 'nonsense'.")
        #expect(error?.hint == "Choose one of \(suite.cases.joined(separator: ", ")).")
    }

    @Test func `a kernel's result is what its own benchmark gives`() throws {
        let result = try ComputeSuite.kernels.run("attention-tiny", threads: 1, seconds: 0)
        let figures = try #require(result as? KernelBenchmark.Result).figures
        #expect(figures.map(\.name) == ["attention-tiny"])
    }
}
