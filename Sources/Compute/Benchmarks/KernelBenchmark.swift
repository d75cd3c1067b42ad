/// Single kernels that `scripts/bench kernels` times against PyTorch's operators.
package enum KernelBenchmark {
    /// One kernel's figure.
    package struct Figure: Sendable, Encodable {
        package let name: String
        /// GFLOP/s where the kernel is arithmetic, else 10^9 elements a second.
        package let value: Double
        package let unit: String
        /// Of the multiply-add limit; nil for kernels that memory limits.
        package let shareOfLimit: Double?
    }

    /// What a run measured.
    package struct Result: Sendable, Encodable {
        package let threads: Int
        package let limitOperationsPerSecond: Double
        package let kernelVariant: String
        package let figures: [Figure]
    }

    /// A kernel under a name: how much work one call is, and what runs it.
    struct Kernel {
        enum Work {
            /// Floating-point operations.
            case operations(Double)
            /// Elements that pass through it.
            case elements(Double)
        }

        let name: String
        let work: Work
        /// Prepares operands and gives the call to be timed.
        let prepare: (ThreadPool) throws(ComputeError) -> () -> Void
    }

    static var kernels: [Kernel] { matrixKernels + attentionKernels + rowKernels }

    package static var names: [String] { kernels.map(\.name) }

    /// Times the kernel `name`, or all of them where it is "all", each for about `seconds`; the fastest call counts.
    /// - Throws: `BenchmarkError` for an unknown name; `ComputeError` where memory or threads do not suffice.
    package static func run(_ name: String, threads: Int, seconds: Double) throws -> Result {
        let chosen = kernels.filter { name == "all" || $0.name == name }
        guard !chosen.isEmpty else { throw BenchmarkError(unknown: name, in: "kernels", known: ["all"] + names) }
        let pool = try ThreadPool(threads: threads)
        var limit = MachineLimit.operationsPerSecond(of: pool)
        let times = try chosen.map { kernel in
            Stopwatch.fastest(seconds: seconds, try kernel.prepare(pool))
        }
        limit = max(limit, MachineLimit.operationsPerSecond(of: pool))
        let figures = zip(chosen, times).map { kernel, time in
            switch kernel.work {
            case .operations(let count):
                return Figure(
                    name: kernel.name, value: count / time / 1e9, unit: "GFLOP/s", shareOfLimit: count / time / limit)
            case .elements(let count):
                return Figure(name: kernel.name, value: count / time / 1e9, unit: "Gelements/s", shareOfLimit: nil)
            }
        }
        return Result(
            threads: threads, limitOperationsPerSecond: limit, kernelVariant: MachineLimit.kernelVariant,
            figures: figures)
    }

    /// An arena of small random numbers.
    static func operand(_ count: Int) throws(ComputeError) -> Arena {
        let arena = try Arena(count: count)
        var generator = SeededGenerator(seed: UInt64(count))
        // Normal numbers are slow to draw; a period that fits no matrix is random enough for a kernel.
        let block = (0..<min(count, 4099)).map { _ in 0.1 * generator.normal() }
        for index in 0..<count { arena.base[index] = block[index % block.count] }
        return arena
    }
}
