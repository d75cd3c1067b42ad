/// What the transport benchmark runs in a process of its own.
package enum WorkerBenchmark {
    /// Whether `steps` steps of `series` metrics were all acknowledged by the orchestrator at `runtimePath`.
    package static func telemetry(runtimePath: String, series: Int, steps: Int) throws -> Bool {
        try TelemetryLoad.run(runtimePath: runtimePath, series: series, steps: steps)
    }
}
