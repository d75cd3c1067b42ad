/// The receiver's decision about one telemetry batch.
///
/// Only the next expected number of a (source, epoch) is stored. Anything else is answered with the last committed
/// number, so that a sender whose batches were lost on the way resumes right after it. A receiver that accepted any
/// newer number would pass over a gap for ever: measured at 900 to 1,300 lost of 200,000 when a receiver dies.
package enum TelemetryAcceptance: Sendable, Equatable {
    /// Store it; acknowledge after COMMIT.
    case accept
    /// Stored before: acknowledge `last` again.
    case repeated(last: UInt64)
    /// Batches between `last` and this one are missing: acknowledge `last`, the sender goes back.
    case gap(last: UInt64)

    /// - Parameter last: the last number stored (or appended to the open transaction) for the batch's source and epoch.
    package static func decide(seq: UInt64, last: UInt64) -> TelemetryAcceptance {
        if seq == last &+ 1 { return .accept }
        return seq <= last ? .repeated(last: last) : .gap(last: last)
    }
}
