import Protocol
import TestSupport
import Testing

@testable import Store

@Suite struct CorruptionTests {
    private func closedRun() throws -> RunBuilder {
        let run = try RunBuilder()
        for start in [1, 151] {
            let batch = Batch.of(seq: start / 150 + 1) { batch in
                var block = WireMetricBlock()
                block.names = ["loss", "lr", "n_tokens"]
                block.rows = (start..<start + 150).map { step in
                    Batch.row(
                        step, [Double(Float(4 / Double(step))), 1e-4 * Double(step), Double(step * 7 % 100)], time: nil)
                }
                batch.metrics = [block]
                batch.logs = [Batch.log("line", time: 5)]
                batch.spans = [Batch.span(start, start: 10, end: 20)]
                batch.checkpoints = [Batch.checkpoint(start, time: 9)]
                batch.states = [Batch.state(.running, time: 1)]
            }
            _ = try run.writer.append(batch)
            try run.writer.commit()
        }
        try run.writer.close()
        return run
    }

    /// What of a run's metrics a reader is told, every way there is.
    private struct Told: Equatable {
        var points: [String: [MetricPoint]] = [:]
        var series: [SeriesRow]
        var curves: [String: Curve]
        var checkpoints: [CheckpointRow]
        var records: String
    }

    private func tell(_ path: String) throws -> (told: Told, damage: [String]) {
        let keys = ["loss", "lr", "n_tokens"]
        let reader = try StoredRun.open(path: path)
        let snapshot = try reader.snapshot(RunQuery(metrics: keys, columns: 20))
        _ = try reader.snapshot(RunQuery(playhead: .at(200_000_000), metrics: keys))
        _ = try reader.eventTime(.forward, from: 0, stop: .step)
        var told = Told(
            series: snapshot.series, curves: snapshot.curves, checkpoints: snapshot.checkpoints,
            records: Self.records(of: snapshot))
        for key in keys { told.points[key] = try reader.points(of: key) }
        return (told, snapshot.damage)
    }

    /// Everything that is no metric.
    private static func records(of snapshot: RunSnapshot) -> String {
        "\(snapshot.header) \(snapshot.status) \(snapshot.statusDetail) \(snapshot.endTime) \(snapshot.spans) "
            + "\(snapshot.workers) \(snapshot.logs) \(snapshot.events) \(snapshot.droppedRecords)"
    }

    @Test(arguments: [0, 31, 62])
    func `a flipped bit at every 97th byte is reported or changes nothing that is shown, and never traps`(start: Int)
        throws
    {
        let run = try closedRun()
        let sound = try FileBytes.read(run.path)
        let expected = try tell(run.path)
        #expect(expected.damage == [])
        var silent: [Int] = []
        var reported = 0
        // Three interleaved passes over the file, so that they run beside each other.
        for offset in stride(from: start, to: sound.count, by: 97) {
            var bytes = sound
            bytes[offset] ^= 1 << UInt8(offset % 8)
            let path = run.folder.write(bytes, to: "flipped.sqlite")
            for suffix in ["-wal", "-shm"] { FileBytes.remove("\(path)\(suffix)") }
            do {
                let (told, damage) = try tell(path)
                // What a reader cannot know, such as a lost checkpoint row, the check must find.
                if told != expected.told, damage.isEmpty, try Integrity.check(path: path).isSound {
                    silent.append(offset)
                }
                reported += damage.count
            } catch is StoreError {
                reported += 1
            }
        }
        #expect(silent == [])
        // Otherwise nothing that matters was hit, and the test says nothing.
        #expect(reported > 20)
    }

    @Test func `damaged values are left out and named, the rest is shown`() throws {
        let run = try closedRun()
        try Damage.run("UPDATE chunk SET blob = x'0000000000000000ff' WHERE id = 1", on: run.path)
        let reader = try run.reader()
        let snapshot = try reader.snapshot(RunQuery(metrics: ["loss", "lr"], columns: 3))
        #expect(snapshot.damage == ["block 1: the values of series 1 are damaged"])
        #expect(try reader.points(of: "loss").count == 44)
        #expect(try reader.points(of: "lr").count == 300)
    }

    @Test func `damaged summaries, tails, series and blocks are named`() throws {
        let statements = [
            ("UPDATE chunk SET hi = 1e9 WHERE id = 1", "block 1: the summary of series 1 is damaged"),
            ("DELETE FROM chunk WHERE id = 1", "block 1: the values of series 1 are missing"),
            ("DELETE FROM tail WHERE step = 299", "series 1: 300 values were stored, 299 are there"),
            ("UPDATE tail SET time = time + 1", "44 of the newest metric rows are damaged"),
            ("UPDATE series SET last = 7 WHERE key = 'loss'", "series 1: its row is damaged"),
            ("UPDATE block SET attempt = 7", "block 1: its steps and times are damaged"),
            ("UPDATE column_set SET series = '[2,1,3]'", "column set 1: its list of series is damaged"),
            ("UPDATE checkpoint SET step = 3 WHERE id = 1", "1 checkpoint records are damaged"),
        ]
        for (statement, expected) in statements {
            let run = try closedRun()
            try Damage.run(statement, on: run.path)
            #expect(try run.reader().snapshot(RunQuery(metrics: ["loss"])).damage.contains(expected), "\(statement)")
        }
    }
}

@Suite struct IntegrityTests {
    @Test func `a sound run has no findings, live or closed`() throws {
        let run = try RunBuilder()
        try run.series("loss", (0..<600).map { $0 % 50 == 0 ? .nan : Double($0) })
        #expect(try Integrity.check(path: run.path).isSound)
        try run.writer.close()
        let report = try Integrity.check(path: run.path)
        #expect(report == IntegrityReport(findings: [], steps: 600, values: 600, blocks: 2, damagedChunks: 0))
    }

    @Test func `lost rows are noticed by their count`() throws {
        let run = try RunBuilder()
        try run.series("loss", (0..<300).map { Double($0) })
        try run.writer.close()
        try Damage.run("DELETE FROM tail WHERE step = 299", on: run.path)
        #expect(try Integrity.check(path: run.path).findings == ["series 1: 300 values were stored, 299 are there"])
    }

    @Test func `records that were taken out or have lost their numbers are noticed by them`() throws {
        let statements = [
            ("DELETE FROM log WHERE id = 2", "log records have numbers from 1 to 3, and 2 are there"),
            ("UPDATE log SET id = 7 WHERE id = 3", "log records have numbers from 1 to 7, and 3 are there"),
            ("DELETE FROM checkpoint WHERE id = 1", "checkpoint records have numbers from 2 to 2, and 1 are there"),
            ("DELETE FROM attempt WHERE number = 1", "attempt records have numbers from 2 to 2, and 1 are there"),
            ("DELETE FROM attempt", "no attempt record is there, and 2 began"),
        ]
        for (statement, expected) in statements {
            let run = try RunBuilder()
            _ = try run.writer.append(
                Batch.of(seq: 1) {
                    $0.logs = (1...3).map { Batch.log("line \($0)", time: Int64($0)) }
                    // One of them is recorded twice.
                    $0.checkpoints = [3, 3, 6].map { Batch.checkpoint($0, time: 4) }
                })
            try run.writer.beginAttempt(2, resumeStep: 3, time: 9, reason: "")
            try run.writer.close()
            try Damage.run(statement, on: run.path)
            #expect(try Integrity.check(path: run.path).findings == [expected])
        }
    }

    @Test func `damaged chunks are counted, each named`() throws {
        let run = try RunBuilder()
        try run.series("loss", (0..<600).map { Double($0) })
        try run.writer.close()
        try Damage.clearValues(of: run.path)
        let report = try Integrity.check(path: run.path)
        #expect(report.damagedChunks == 2)
        #expect(report.findings.count == 2)
    }

    @Test func `what is no run cannot be checked`() {
        let failure = #expect(throws: StoreError.self) { try Integrity.check(path: "/nowhere") }
        #expect(failure?.code == .notFound)
    }
}
