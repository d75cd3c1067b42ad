import Compute

/// Our side of the suites that measure the compute core and the interfaces above it.
package enum ComputeSuite: String, Sendable, CaseIterable {
    case training
    case generation
    /// Whole steps of reinforcement learning and of supervised training.
    case rl
    /// Single kernels, or all of them.
    case kernels

    /// In the order of the table of results; the first is what runs where none is named.
    package var cases: [String] {
        switch self {
        case .training: TrainingBenchmark.names
        case .generation: GenerationBenchmark.names
        case .rl: PolicyBenchmark.names
        case .kernels: ["all"] + KernelBenchmark.names
        }
    }

    /// Measures one case for about `seconds`, or each of its kernels that long.
    /// - Throws: `BenchmarkError` for an unknown case; what the compute core throws.
    package func run(_ name: String, threads: Int, seconds: Double) throws -> any Encodable {
        switch self {
        case .training: try TrainingBenchmark.run(name, threads: threads, seconds: seconds)
        case .generation: try GenerationBenchmark.run(name, threads: threads, seconds: seconds)
        case .rl: try PolicyBenchmark.run(name, threads: threads, seconds: seconds)
        case .kernels: try KernelBenchmark.run(name, threads: threads, seconds: seconds)
        }
    }
}
