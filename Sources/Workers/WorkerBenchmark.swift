import Compute

/// What the benchmark commands measure of the worker's side.
package enum WorkerBenchmark {
    /// Trained tokens a second of the compute core's `tiny` case.
    package static func training(steps: Int, threads: Int) throws -> Double {
        try TrainingBenchmark.run(steps: steps, threads: threads)
    }

    /// Whether `steps` steps of `series` metrics were all acknowledged by the orchestrator at `runtimePath`.
    package static func telemetry(runtimePath: String, series: Int, steps: Int) throws -> Bool {
        try TelemetryLoad.run(runtimePath: runtimePath, series: series, steps: steps)
    }
}
