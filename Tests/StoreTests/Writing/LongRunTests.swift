import Protocol
import Synchronization
import TestSupport
import Testing

@testable import Store

@Suite struct ReopeningTests {
    @Test func `a trial that goes on counts on`() throws {
        let folder = TemporaryFolder()
        let path = folder.file("run.sqlite")
        for attempt in 1...4 {
            let writer =
                attempt == 1
                ? try RunWriter.create(path: path, header: try RunBuilder.header()) : try RunWriter.open(path: path)
            let first = (attempt - 1) * 100 + 1
            try writer.beginAttempt(attempt, resumeStep: first - 1, time: Int64(first) * 1_000_000, reason: "")
            let batch = Batch.of(seq: 1, epoch: UInt64(attempt)) { batch in
                var block = WireMetricBlock()
                block.names = ["loss", "lr"]
                block.rows = (first..<first + 100).map { Batch.row($0, [Double($0), 0.5], time: nil) }
                batch.metrics = [block]
            }
            #expect(try writer.append(batch) == .accepted(1))
            try writer.close()
        }
        let reader = try StoredRun.open(path: path)
        #expect(try reader.points(of: "loss").map(\.value) == (1...400).map { Double($0) })
        let report = try Integrity.check(path: path)
        #expect(report.findings == [])
        // The tail was full at row 256, with rows of three attempts: a block holds one attempt.
        #expect(report.blocks == 3)
        #expect(report.values == 800)
    }

    @Test func `worker states and the status outlive the writer`() throws {
        let run = try RunBuilder()
        try run.writer.append(local: LocalRecords(states: [Batch.state(.running, time: 1, pid: 77)]))
        try run.writer.setStatus(.running, detail: "x", time: 2, orchestrator: nil)
        try run.writer.close()
        let second = try RunWriter.open(path: run.path)
        try second.append(local: LocalRecords(states: [Batch.state(.failed, time: 3)]))
        try second.setStatus(.running, detail: "x", time: 4, orchestrator: nil)
        let snapshot = try run.reader().snapshot(RunQuery())
        #expect(snapshot.workers.map(\.pid) == [77])
        #expect(snapshot.events.map(\.kind) == ["started", "running"])
    }

    @Test func `after a rollback the names that went with it are made anew`() throws {
        let run = try RunBuilder()
        let batch = Batch.of(seq: 1) { $0.metrics = [Batch.block(1, [("a", 1), ("b", 2)])] }
        _ = try run.writer.append(batch)
        try run.writer.limitPages(to: 0)
        #expect(throws: StoreError.self) {
            try run.writer.append(local: LocalRecords(logs: [Batch.log(String(repeating: "x", count: 200_000))]))
        }
        try run.writer.limitPages(to: 1 << 30)
        #expect(try run.writer.append(batch) == .accepted(1))
        try run.writer.commit()
        #expect(try run.reader().snapshot(RunQuery()).series.map(\.last) == [1, 2])
        #expect(try Integrity.check(path: run.path).isSound)
    }
}

@Suite struct LoadTests {
    @Test func `the log stays bounded however much is written without a pause`() throws {
        let run = try RunBuilder()
        let message = String(repeating: "x", count: 500_000)
        var largest = 0
        for seq in 1...120 {
            _ = try run.writer.append(Batch.of(seq: seq) { $0.logs = [Batch.log(message)] })
            try run.writer.commit()
            largest = max(largest, try FileBytes.size("\(run.path)-wal"))
        }
        #expect(largest < 40 << 20)
        try run.writer.close()
        #expect(FileBytes.exists("\(run.path)-wal") == false)
        #expect(try run.reader().snapshot(RunQuery(logLimit: 1000)).logs.count == 120)
    }

    @Test func `a reader beside the writer is never refused and never sees half a commit`() throws {
        let run = try RunBuilder()
        let reader = try run.reader()
        let watch = Watch(reader: reader)
        let thread = try TestThread { watch.look() }
        for seq in 1...600 {
            _ = try run.writer.append(Batch.of(seq: seq) { $0.metrics = [Batch.block(seq, [("a", 1), ("b", 2)])] })
            if seq % 10 == 0 { try run.writer.commit() }
        }
        watch.stop()
        thread.join()
        #expect(watch.problems() == [])
        #expect(try reader.points(of: "a").count == 600)
    }

    /// Looks at a run over and over from a thread of its own.
    private final class Watch: Sendable {
        private let reader: StoredRun
        private let isDone = Mutex(false)
        private let found = Mutex<[String]>([])

        init(reader: StoredRun) { self.reader = reader }

        func stop() { isDone.withLock { $0 = true } }

        func problems() -> [String] { found.withLock { $0 } }

        func look() {
            repeat {
                do {
                    let series = try reader.snapshot(RunQuery(metrics: ["a", "b"], columns: 10)).series
                    // Both series come in one row, and each commit holds ten of them.
                    if Set(series.map(\.count)).count > 1 || series.contains(where: { $0.count % 10 != 0 }) {
                        found.withLock { $0.append("\(series)") }
                    }
                } catch {
                    found.withLock { $0.append("\(error)") }
                }
            } while isDone.withLock { !$0 }
        }
    }
}
