import Protocol
import Store
import Synchronization

@testable import Orchestrator

/// What a fake store was told, seen from the test's thread.
final class FakeStoreLog: Sendable {
    struct Contents {
        var sequences: [String: UInt64] = [:]
        var committed: [String] = []
        var pending: [String] = []
        var isFull = false
        var isClosed = false
        /// Appends and commits so far, and which of them the disk refuses whatever `isFull` says.
        var operations = 0
        var refused: Set<Int> = []

        /// Whether the disk refuses the operation that begins now.
        mutating func refuses() -> Bool {
            operations += 1
            return isFull || refused.contains(operations)
        }

        /// What a real writer does: batches go back to their senders, its own records wait for the next transaction.
        mutating func rollBack() { pending.removeAll { !$0.hasPrefix("log ") && !$0.hasPrefix("event ") } }
    }

    let contents = Mutex(Contents())

    var committed: [String] { contents.withLock { $0.committed } }
    var operations: Int { contents.withLock { $0.operations } }
    var isClosed: Bool { contents.withLock { $0.isClosed } }
    func fill(_ isFull: Bool) { contents.withLock { $0.isFull = isFull } }
    func refuse(_ operations: Set<Int>) { contents.withLock { $0.refused = operations } }
}

/// A store in memory whose disk is full on demand.
final class FakeStore: RunStore {
    let header: RunHeader
    private let log: FakeStoreLog
    private var sequences: [String: UInt64] = [:]

    init(_ log: FakeStoreLog, id: TrialID) {
        self.log = log
        header = RunHeader(
            id: id, startedWall: RunClock.wallNanoseconds(), seed: 1, totalSteps: 1, settings: [:], workers: [],
            lanes: [])
    }

    func attempt() throws(StoreError) -> Int { 0 }

    func append(_ batch: WireTelemetryBatch) throws(StoreError) -> AppendOutcome {
        let key = "\(batch.source)#\(batch.epoch)"
        switch TelemetryAcceptance.decide(seq: batch.seq, last: sequences[key] ?? 0) {
        case .repeated(let last): return .repeated(last)
        case .gap(let last): return .gap(last)
        case .accept: break
        }
        try add("\(key) \(batch.seq)")
        sequences[key] = batch.seq
        return .accepted(batch.seq)
    }

    func append(local records: LocalRecords) throws(StoreError) {
        let lines = records.logs.map { "log \($0.message)" } + records.lifecycle.map { "event \($0.kind)" }
        log.contents.withLock { $0.pending += lines }
        // An empty transaction asks nothing of the disk.
        if log.contents.withLock({ !$0.pending.isEmpty && $0.refuses() }) { try fail() }
    }

    func beginAttempt(_ attempt: Int, resumeStep: Int, time: Int64, reason: String) throws(StoreError) {
        try add("attempt \(attempt) from \(resumeStep): \(reason)")
        try commit()
    }

    func setStatus(_ status: TrialStatus, detail: String, time: Int64, orchestrator: ProcessIdentity?)
        throws(StoreError)
    {
        try add("status \(status.rawValue)")
        try commit()
    }

    func commit() throws(StoreError) {
        let isRefused = log.contents.withLock { contents in
            if contents.pending.isEmpty { return false }
            if contents.refuses() { return true }
            contents.committed += contents.pending
            contents.pending = []
            contents.sequences = sequences
            return false
        }
        if isRefused { try fail() }
    }

    func takeNotices() -> [String] { [] }

    func close() throws(StoreError) { log.contents.withLock { $0.isClosed = true } }

    private func add(_ line: String) throws(StoreError) {
        if log.contents.withLock({ $0.refuses() }) { try fail() }
        log.contents.withLock { $0.pending.append(line) }
    }

    private func fail() throws(StoreError) {
        sequences = log.contents.withLock { contents in
            contents.rollBack()
            return contents.sequences
        }
        throw StoreError(.diskFull, path: "fake")
    }
}
