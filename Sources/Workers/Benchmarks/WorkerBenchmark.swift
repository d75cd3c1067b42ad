package import Compute

/// What the benchmark commands measure of the worker's side.
package enum WorkerBenchmark {
    /// One case of the compute core's training suite.
    package static func training(_ name: String, threads: Int, seconds: Double) throws -> TrainingBenchmark.Result {
        try TrainingBenchmark.run(name, threads: threads, seconds: seconds)
    }

    /// One case of the compute core's generation suite.
    package static func generation(_ name: String, threads: Int, seconds: Double) throws -> GenerationBenchmark.Result {
        try GenerationBenchmark.run(name, threads: threads, seconds: seconds)
    }

    /// Whether `steps` steps of `series` metrics were all acknowledged by the orchestrator at `runtimePath`.
    package static func telemetry(runtimePath: String, series: Int, steps: Int) throws -> Bool {
        try TelemetryLoad.run(runtimePath: runtimePath, series: series, steps: steps)
    }
}
