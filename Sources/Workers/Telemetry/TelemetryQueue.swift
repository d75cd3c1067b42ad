package import Protocol
import Synchronization

/// One thing a worker has to tell the store.
package enum TelemetryRecord: Sendable {
    case metrics(step: UInt64, time: Int64, [Metric])
    case span(WireSpanRecord)
    case buffer(WireBufferRecord)
    case log(WireLogRecord)
    case checkpoint(WireCheckpointRecord)
}

/// Records on their way from the threads that compute to the one that sends.
///
/// `append` never waits: a full queue drops the record and counts it.
package final class TelemetryQueue: Sendable {
    private struct State {
        var records: [TelemetryRecord] = []
        var dropped: UInt64 = 0
    }

    private let state = Mutex(State())
    private let wakeUp: WakeUp
    private let limit: Int

    /// - Parameter limit: records kept; at a few hundred a step this is minutes of a sender that cannot send.
    package init(limit: Int = 65_536) throws {
        self.limit = limit
        wakeUp = try WakeUp()
    }

    package func append(_ record: TelemetryRecord) {
        let isFirst = state.withLock { state in
            guard state.records.count < limit else {
                state.dropped += 1
                return false
            }
            state.records.append(record)
            // The sender looks at a queue it knows of by itself; only the first record and a full batch must wake it.
            return state.records.count == 1 || state.records.count == TelemetryBatcher.largestRows
        }
        if isFirst { wakeUp.signal() }
    }

    /// Takes everything out.
    package func drain() -> [TelemetryRecord] {
        wakeUp.drain()
        return state.withLock { state in
            defer { state.records = [] }
            return state.records
        }
    }

    package var count: Int { state.withLock { $0.records.count } }
    /// Records dropped so far.
    package var dropped: UInt64 { state.withLock { $0.dropped } }
    package var pollItem: PollItem { wakeUp.pollItem }
    /// Takes back the wake-up without the records: the sender has seen it and waits for company.
    package func acknowledgeWake() { wakeUp.drain() }
    /// Lets the sender look at once.
    package func wake() { wakeUp.signal() }
}
