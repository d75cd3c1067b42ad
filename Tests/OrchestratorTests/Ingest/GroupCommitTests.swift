import Protocol
import Store
import Testing

@testable import Orchestrator

@Suite struct `A group commit` {
    private var group = GroupCommit(interval: 50, limit: 3)
    private let peer = Array("model_worker/0".utf8)

    @Test func `is not due while nothing waits`() {
        #expect(group.deadline == nil)
        #expect(!group.isDue(now: 1000))
    }

    @Test mutating func `is due when its oldest batch has waited long enough`() {
        group.owe(peer, epoch: 1, seq: 1, now: 100)
        group.owe(peer, epoch: 1, seq: 2, now: 149)
        #expect(!group.isDue(now: 149))
        #expect(group.isDue(now: 150))
    }

    @Test mutating func `is due at once when it is large`() {
        for seq in 1...3 { group.owe(peer, epoch: 1, seq: UInt64(seq), now: 100) }
        #expect(group.isDue(now: 100))
    }

    @Test mutating func `acknowledges the newest number of each sender and epoch, once`() {
        group.owe(peer, epoch: 1, seq: 1, now: 0)
        group.owe(peer, epoch: 1, seq: 2, now: 0)
        group.owe(peer, epoch: 2, seq: 1, now: 0)
        let acknowledged = group.committed().map { [$0.epoch, $0.seq] }.sorted { $0[0] < $1[0] }
        #expect(acknowledged == [[1, 2], [2, 1]])
        #expect(group.committed().isEmpty)
    }

    @Test mutating func `acknowledges nothing that was rolled back`() {
        group.owe(peer, epoch: 1, seq: 1, now: 0)
        group.rolledBack()
        #expect(group.committed().isEmpty)
        #expect(group.deadline == nil)
    }
}

@Suite struct `A flood of bad frames` {
    @Test func `is spoken of at once and then at intervals, with the count since`() {
        var count = RateLimitedCount(interval: 100)
        #expect([0, 1, 99, 100].map { count.count(now: $0) } == [1, nil, nil, 3])
        #expect(count.total == 4)
    }
}

@Suite struct `The tally of progress` {
    private func batch(_ step: UInt64, _ values: [Double]) -> WireTelemetryBatch {
        var row = WireMetricRow()
        row.step = step
        row.values = values
        var block = WireMetricBlock()
        block.names = ["loss", "lr"]
        block.rows = [row]
        var batch = WireTelemetryBatch()
        batch.metrics = [block]
        return batch
    }

    @Test func `keeps the newest step and the last value of each series`() {
        var tally = ProgressTally()
        tally.take(batch(1, [2.5, 0.1]))
        tally.take(batch(2, [2.0, 0.2]))
        #expect(tally.step == 2)
        #expect(tally.last == ["loss": 2.0, "lr": 0.2])
    }

    @Test func `leaves out values that are no numbers, and rows of another shape`() {
        var tally = ProgressTally()
        tally.take(batch(1, [.nan, 0.1]))
        tally.take(batch(2, [1]))
        #expect(tally.last == ["lr": 0.1])
        #expect(tally.step == 1)
    }

    @Test func `goes back with an attempt that resumes`() {
        var tally = ProgressTally()
        tally.take(batch(9, [1, 1]))
        tally.rewind(to: 5)
        #expect(tally.step == 5)
    }
}

@Suite struct `The ingest queue` {
    private let records = IngestQueue.Entry.records(LocalRecords())

    @Test func `drops the oldest records when it is full, and says how many`() throws {
        let queue = try IngestQueue(limit: 2)
        for _ in 0..<5 { queue.put(records) }
        let taken = queue.take()
        #expect(taken.entries.count == 2)
        #expect(taken.dropped == 3)
    }

    @Test func `never drops a status or an attempt`() throws {
        let queue = try IngestQueue(limit: 1)
        queue.put(.attempt(1, resumeStep: 0, time: 0, reason: ""))
        queue.put(.status(.running, detail: "", time: 0))
        queue.put(records)
        queue.put(.status(.paused, detail: "", time: 0))
        #expect(queue.take().entries.map(\.isRecords) == [false, false, false])
    }

    @Test func `stays closed once it is`() throws {
        let queue = try IngestQueue()
        queue.close([records])
        #expect(queue.take().entries.count == 1)
        #expect(queue.take().isClosing)
    }
}
