/// Which life of a worker its telemetry is of: numbers of batches and spans begin again in each.
package struct TelemetryEpoch: Sendable, Hashable {
    /// The attempt of the trial, from 1.
    package let attempt: UInt64
    /// Which process of the worker in that attempt, from 0.
    package let launch: UInt64

    package init(attempt: UInt64, launch: UInt64) {
        self.attempt = attempt & Self.mask
        self.launch = launch & Self.mask
    }

    /// As batches and spool files carry it. Of a first launch it is the attempt itself.
    package init(rawValue: UInt64) { self.init(attempt: rawValue, launch: rawValue >> Self.width) }
    package var rawValue: UInt64 { launch << Self.width | attempt }

    /// What is added to the numbers of a process's spans, which are unique among all launches of an attempt.
    package var firstSpan: UInt64 { launch << Self.width }

    private static let width: UInt64 = 32
    private static let mask: UInt64 = (1 << width) - 1
}
