import Testing

@testable import Compute

@Suite struct `Kernel benchmark` {
    /// The big ones take a second in a debug build, and one of each sort is enough.
    @Test(
        arguments: [
            "gemm-nt-32x1024x256", "gemm-nn-4096x384x128", "gemm-tn-512x768x768", "linear-gelu-4096x512x128",
            "attention-gpt2", "attention-backward-gpt2", "layer-norm-128", "layer-norm-backward-128",
            "softmax-cross-entropy-96", "adamw",
        ])
    func `a kernel gives a rate`(name: String) throws {
        let result = try KernelBenchmark.run(name, threads: 2, seconds: 0)
        #expect(result.figures.map(\.name) == [name])
        for figure in result.figures {
            #expect(figure.value > 0)
            #expect((figure.unit == "GFLOP/s") == (figure.shareOfLimit != nil))
        }
    }

    @Test func `names are unique and say the shape`() {
        #expect(Set(KernelBenchmark.names).count == KernelBenchmark.names.count)
        #expect(KernelBenchmark.names.contains("gemm-nt-512x50304x768"))
    }

    @Test func `an unknown kernel is refused with a suggestion`() {
        let error = #expect(throws: BenchmarkError.self) { try KernelBenchmark.run("adamv", threads: 1, seconds: 0) }
        #expect(error?.summary == "The kernels benchmark has no case 'adamv'. Did you mean 'adamw'?")
    }

    @Test func `the multiply-add limit of two threads is above that of nothing and below the absurd`() throws {
        let limit = MachineLimit.operationsPerSecond(of: try ThreadPool(threads: 2))
        #expect(1e9...1e13 ~= limit)
    }
}
