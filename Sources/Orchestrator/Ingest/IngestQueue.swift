package import Protocol
package import Store
import Synchronization

/// What the supervising and sampling threads hand to the thread that owns the store.
///
/// Bounded: when it is full, records give way, oldest first, and are counted; attempts and statuses never do (there are
/// only a few of them). Nothing here blocks.
package final class IngestQueue: Sendable {
    /// One thing to store, in order.
    package enum Entry: Sendable {
        case records(LocalRecords)
        case attempt(Int, resumeStep: Int, time: Int64, reason: String)
        case status(TrialStatus, detail: String, time: Int64)
    }

    /// Everything that waits.
    struct Contents {
        var entries: [Entry] = []
        /// The newest `run.json`; older ones that were not written yet are of no use.
        var runRecord: RunRecord?
        /// Records that gave way since the last look.
        var dropped = 0
        var isClosing = false
        /// Nobody waits any longer for a store that refuses.
        var isHurried = false

        fileprivate mutating func emptied() -> Contents {
            defer { self = Contents(isClosing: isClosing, isHurried: isHurried) }
            return self
        }
    }

    private let contents = Mutex(Contents())
    private let limit: Int
    let wakeUp: WakeUp

    package init(limit: Int = 4096) throws(TransportError) {
        self.limit = limit
        wakeUp = try WakeUp()
    }

    package func put(_ entry: Entry) {
        contents.withLock { contents in
            if contents.entries.count >= limit, let oldest = contents.entries.firstIndex(where: \.isRecords) {
                contents.entries.remove(at: oldest)
                contents.dropped += 1
            }
            contents.entries.append(entry)
        }
        wakeUp.signal()
    }

    package func put(_ record: RunRecord) {
        contents.withLock { $0.runRecord = record }
        wakeUp.signal()
    }

    /// Nothing more comes: the thread takes what workers have still sent, then these, then ends.
    package func close(_ last: [Entry], record: RunRecord? = nil) {
        contents.withLock { contents in
            contents.entries.append(contentsOf: last)
            contents.runRecord = record ?? contents.runRecord
            contents.isClosing = true
        }
        wakeUp.signal()
    }

    /// Takes all that waits. Whether it is closing stays known.
    func take() -> Contents {
        wakeUp.drain()
        return contents.withLock { $0.emptied() }
    }

    /// Takes all but the entries, which wait on here, where there is a limit. Of a queue that closes it takes all.
    func takeButEntries() -> Contents {
        wakeUp.drain()
        return contents.withLock { contents in
            if contents.isClosing { return contents.emptied() }
            defer { contents.runRecord = nil }
            return Contents(runRecord: contents.runRecord, isHurried: contents.isHurried)
        }
    }

    /// Ends what `close` began also where not everything can be stored.
    package func hurry() {
        contents.withLock { $0.isHurried = true }
        wakeUp.signal()
    }

    var isHurried: Bool { contents.withLock { $0.isHurried } }
}

extension IngestQueue.Entry {
    var isRecords: Bool { if case .records = self { true } else { false } }
}
