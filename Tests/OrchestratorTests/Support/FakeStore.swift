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
    }

    let contents = Mutex(Contents())

    var committed: [String] { contents.withLock { $0.committed } }
    var isClosed: Bool { contents.withLock { $0.isClosed } }
    func fill(_ isFull: Bool) { contents.withLock { $0.isFull = isFull } }
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
        if log.contents.withLock({ $0.isFull }) { throw StoreError(.diskFull, path: "fake") }
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
        let isFull = log.contents.withLock { contents in
            if contents.isFull {
                contents.pending.removeAll { $0.contains("#") }
                return true
            }
            contents.committed += contents.pending
            contents.pending = []
            contents.sequences = sequences
            return false
        }
        if isFull {
            sequences = log.contents.withLock { $0.sequences }
            throw StoreError(.diskFull, path: "fake")
        }
    }

    func close() throws(StoreError) { log.contents.withLock { $0.isClosed = true } }

    private func add(_ line: String) throws(StoreError) {
        if log.contents.withLock({ $0.isFull }) { throw StoreError(.diskFull, path: "fake") }
        log.contents.withLock { $0.pending.append(line) }
    }
}
