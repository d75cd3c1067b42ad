package import Protocol
import Synchronization

/// One thing a worker has to tell the store.
package enum TelemetryRecord: Sendable {
    case metrics(step: UInt64, time: Int64, [Metric])
    case span(WireSpanRecord)
    case buffer(WireBufferRecord)
    case log(WireLogRecord)
    case checkpoint(WireCheckpointRecord)

    /// Whether the curve of a trial is whole without it. Logs come from anywhere, and none of them may wait.
    var isDispensable: Bool { if case .log = self { true } else { false } }
}

/// Records on their way from the threads that compute to the one that sends.
///
/// In a full queue a log record is dropped and counted; any other waits until the sender has taken some, and the
/// training waits with it: a store that takes nothing for so long must not cost a point.
package final class TelemetryQueue: Sendable {
    private struct State {
        var records: [TelemetryRecord] = []
        var dropped: UInt64 = 0
        /// The sender has ended or is told to hurry: nobody waits for room any more.
        var isClosed = false
    }

    private enum Outcome {
        case taken(wakesSender: Bool)
        case dropped
        case full
    }

    private let state = Mutex(State())
    private let wakeUp: WakeUp
    private let room: WakeUp
    private let limit: Int
    private let whileFull: @Sendable () -> Void

    /// - Parameters:
    ///   - limit: records kept; at a few hundred a step this is minutes of a sender that cannot send.
    ///   - whileFull: called again and again by a thread that waits for room.
    package init(limit: Int = 65_536, whileFull: @escaping @Sendable () -> Void = {}) throws {
        self.limit = limit
        self.whileFull = whileFull
        wakeUp = try WakeUp()
        room = try WakeUp()
    }

    package func append(_ record: TelemetryRecord) {
        while true {
            switch offer(record) {
            case .taken(let wakesSender):
                if wakesSender { wakeUp.signal() }
                return
            case .dropped: return
            case .full:
                whileFull()
                // Several may wait, and one wake-up may be taken by another of them.
                _ = try? Poller.wait([room.pollItem], timeout: .milliseconds(100))
                room.drain()
            }
        }
    }

    private func offer(_ record: TelemetryRecord) -> Outcome {
        state.withLock { state in
            guard state.records.count < limit else {
                guard record.isDispensable || state.isClosed else { return .full }
                state.dropped += 1
                return .dropped
            }
            state.records.append(record)
            // The sender looks at a queue it knows of by itself; only the first record and a full batch must wake it.
            return .taken(
                wakesSender: state.records.count == 1 || state.records.count == TelemetryBatcher.largestRows)
        }
    }

    /// Takes everything out.
    package func drain() -> [TelemetryRecord] {
        wakeUp.drain()
        defer { room.signal() }
        return state.withLock { state in
            defer { state.records = [] }
            return state.records
        }
    }

    /// From now on a full queue drops: nobody takes records out any more, or nobody is to wait for that.
    package func close() {
        state.withLock { $0.isClosed = true }
        room.signal()
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
