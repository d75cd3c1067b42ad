import Glibc
import Protocol

/// The sending side of the transport benchmark: one source that reports steps of many metrics as fast as they are taken.
package enum TelemetryLoad {
    /// Publishes `steps` steps of `series` metrics through a worker's own queue and publisher.
    /// - Returns: whether everything was acknowledged, and nothing dropped.
    package static func run(runtimePath: String, series: Int, steps: Int) throws -> Bool {
        let queue = try TelemetryQueue()
        let context = ZeroMQContext()
        let endpoint = try RuntimeFolder(path: runtimePath).telemetry()
        let publisher = TelemetryPublisher(
            context: context, endpoint: endpoint, source: WorkerID.master.description, epoch: 1, queue: queue,
            complain: { writeToStandardError("\($0)\n") })
        try publisher.start()
        let names = (0..<series).map { "bench/metric\($0)" }
        let clock = RunClock.startingNow()
        for step in 1...steps {
            // A trainer would never report this fast; here the queue's length is what holds the sender back.
            while queue.count >= 4 * TelemetryBatcher.largestRows { _ = try Poller.wait([], timeout: .milliseconds(1)) }
            let values = names.enumerated().map { Metric($1, value(of: $0, at: step)) }
            queue.append(.metrics(step: UInt64(step), time: clock.now(), values))
        }
        return publisher.close(patience: .seconds(60), spool: nil) == .stored && queue.dropped == 0
    }

    /// The five kinds of series a trainer reports: noisy f32, smooth f64, counts, f32 seconds, small gauges.
    private static func value(of series: Int, at step: Int) -> Double {
        let noise = Double((step &* 2_654_435_761 &+ series &* 40_503) & 0xffff) / 65_536
        switch series % 5 {
        case 0: return Double(Float(exp(-Double(step) / 5000) + 0.05 * noise))
        case 1: return 1e-4 * (1 - Double(step) / 1e6)
        case 2: return Double(step * 4096)
        case 3: return Double(Float(0.25 + 0.01 * noise))
        default: return Double(Int(noise * 8))
        }
    }
}
