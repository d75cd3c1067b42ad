import Protocol
import TestSupport
import Testing

@testable import Store

/// Every kind of damage, and what the check says of it.
@Suite struct DamageReportTests {
    /// One set of two series: 256 rows sealed, 44 in the tail; a checkpoint; a log line.
    private func closedRun() throws -> RunBuilder {
        let run = try RunBuilder()
        let batch = Batch.of(seq: 1) { batch in
            var block = WireMetricBlock()
            block.names = ["loss", "lr"]
            block.rows = (1...300).map { Batch.row($0, [Double($0) / 8, 0.5], time: nil) }
            batch.metrics = [block]
            batch.checkpoints = [Batch.checkpoint(3, time: 9)]
            batch.logs = [Batch.log("line")]
            batch.spans = [
                Batch.span(1, start: 5), Batch.span(2, start: 6, end: 8), Batch.span(1, start: 5, end: 7),
            ]
            batch.states = [Batch.state(.running, time: 1)]
            var buffer = WireBufferRecord()
            buffer.ready = ["train": 2]
            batch.buffers = [buffer]
            var device = WireDeviceRecord()
            device.device = "cpu"
            device.utilisation = 0.5
            device.temperature = .nan
            device.power = -0.0
            batch.devices = [device]
        }
        _ = try run.writer.append(batch)
        try run.writer.close()
        return run
    }

    @Test(
        arguments: [
            ("UPDATE chunk SET blob = x'00' WHERE id = 2", ["block 1: the values of series 2 are damaged"]),
            ("UPDATE chunk SET crc = 1 WHERE id = 1", ["block 1: the values of series 1 are damaged"]),
            ("UPDATE chunk SET lo = lo - 1 WHERE id = 1", ["block 1: the summary of series 1 does not fit its values"]),
            (
                "UPDATE chunk SET not_finite = 1 WHERE id = 1",
                ["block 1: the summary of series 1 does not fit its values"]
            ),
            ("DELETE FROM chunk WHERE id = 2", ["block 1: the values of series 2 are damaged"]),
            (
                "UPDATE block SET times = x'00'",
                [
                    "series 1: 300 values were stored, 44 are there", "series 2: 300 values were stored, 44 are there",
                    "block 1: its steps and times are damaged",
                ]
            ),
            (
                "DELETE FROM block",
                ["series 1: 300 values were stored, 44 are there", "series 2: 300 values were stored, 44 are there"]
            ),
            (
                "UPDATE tail SET crc = crc + 1 WHERE step = 299",
                [
                    "series 1: 300 values were stored, 299 are there",
                    "series 2: 300 values were stored, 299 are there",
                    "1 of the newest metric rows are damaged",
                ]
            ),
            (
                "UPDATE column_set SET crc = 0",
                [
                    "block 1: its column set 1 is missing or damaged", "series 1: 300 values were stored, 0 are there",
                    "series 2: 300 values were stored, 0 are there", "column set 1: its list of series is damaged",
                    "44 of the newest metric rows are damaged",
                ]
            ),
            ("UPDATE series SET crc = 0 WHERE key = 'lr'", ["series 2: its row is damaged"]),
            ("DELETE FROM series WHERE key = 'lr'", ["series 2: its row is missing"]),
            ("UPDATE series SET n = 299, crc = 0 WHERE key = 'lr'", ["series 2: its row is damaged"]),
            ("UPDATE checkpoint SET path = 'elsewhere'", ["1 checkpoint records are damaged"]),
            ("UPDATE checkpoint SET bytes = bytes + 1", ["1 checkpoint records are damaged"]),
            ("UPDATE log SET message = 'other'", ["1 log records are damaged"]), ("DELETE FROM log", []),
            ("UPDATE log SET time = time + 1", ["1 log records are damaged"]),
            ("UPDATE log SET message = CAST(message AS BLOB)", ["1 log records are damaged"]),
            ("UPDATE log SET crc = NULL", []),
            ("UPDATE span SET mfc = 'x'", ["2 span records are damaged"]),
            ("UPDATE span SET end = NULL WHERE number = 1", ["1 span records are damaged"]),
            ("UPDATE attempt SET resume_step = 7", ["1 attempt records are damaged"]),
            ("UPDATE source SET dropped = 1", ["1 source records are damaged"]),
            ("UPDATE worker SET restarts = 9", ["1 worker records are damaged"]),
            ("UPDATE worker_event SET state = 'x'", ["1 worker event records are damaged"]),
            ("UPDATE lifecycle SET detail = 'x'", ["1 lifecycle records are damaged"]),
            ("UPDATE buffer_event SET ready = '{}'", ["1 buffer records are damaged"]),
            ("UPDATE device_sample SET utilisation = 0.25", ["1 device records are damaged"]),
            ("UPDATE run SET status = 'failed'", ["the run's own row is damaged"]),
            ("UPDATE run SET end_time = 1", ["the run's own row is damaged"]),
            ("UPDATE run SET total_steps = total_steps + 1", ["the run's own row is damaged"]),
            ("UPDATE run SET header = replace(header, '100', '101')", ["the run's own row is damaged"]),
            ("UPDATE run SET header = 'x'", ["the run's own row is damaged", "its header cannot be read: "]),
            ("DELETE FROM run", ["it has no run row"]),
        ] as [(String, [String])])
    func `each kind of damage is named, and nothing else is`(damage: String, expected: [String]) throws {
        let run = try closedRun()
        try Damage.run(damage, on: run.path)
        let findings = try Integrity.check(path: run.path).findings.sorted()
        #expect(findings.count == expected.count, "\(findings)")
        for (finding, start) in zip(findings, expected.sorted()) { #expect(finding.hasPrefix(start)) }
    }

    @Test func `a damaged checkpoint is found however many came after it`() throws {
        let run = try RunBuilder()
        let batch = Batch.of(seq: 1) { batch in
            batch.checkpoints = (1...700).map { Batch.checkpoint($0, time: Int64($0)) }
        }
        _ = try run.writer.append(batch)
        try run.writer.close()
        try Damage.run("UPDATE checkpoint SET path = 'x' WHERE step IN (1, 2)", on: run.path)
        #expect(try Integrity.check(path: run.path).findings == ["2 checkpoint records are damaged"])
        // A screen shows the newest and does not look further.
        let snapshot = try run.reader().snapshot(RunQuery())
        #expect(snapshot.checkpoints.count == 512)
        #expect(snapshot.checkpoints.last?.step == 700)
        #expect(snapshot.damage == [])
    }

    @Test func `of more than a hundred findings the rest is counted`() throws {
        let run = try RunBuilder()
        try run.step(1, (0..<130).map { ("k\($0)", 1) }, seq: 1)
        try run.writer.close()
        try Damage.run("UPDATE series SET crc = 0", on: run.path)
        let findings = try Integrity.check(path: run.path).findings
        #expect(findings.count == 101)
        #expect(findings.last == "and 30 more findings")
    }

    @Test func `a file cut off behind its schema is reported, with what could not be read`() throws {
        let run = try RunBuilder()
        try run.series("loss", (0..<3000).map { Double($0) * 1.1 })
        try run.writer.close()
        let bytes = try FileBytes.read(run.path)
        var reports = 0
        for pages in stride(from: 32, to: bytes.count / 4096, by: 5) {
            var cut = bytes
            // As long as before, so that SQLite does not refuse it at once: the lost end reads as zeros.
            for index in (pages * 4096)..<cut.count { cut[index] = 0 }
            let path = run.folder.write(cut, to: "cut.sqlite")
            for suffix in ["-wal", "-shm"] { FileBytes.remove("\(path)\(suffix)") }
            switch check(path) {
            case .success(let report):
                #expect(report.isSound == false, "\(pages) pages")
                reports += 1
            case .failure(let error): #expect(error.code == .damaged)
            }
        }
        #expect(reports > 0)
    }

    private func check(_ path: String) -> Result<IntegrityReport, StoreError> {
        do {
            return .success(try Integrity.check(path: path))
        } catch {
            return .failure(error)
        }
    }

    @Test func `the counts of a report are those of the run`() throws {
        let run = try RandomRun(seed: 5, rows: 400)
        let report = try Integrity.check(path: run.run.path)
        #expect(report.isSound)
        #expect(report.steps == 400)
        #expect(report.values == run.rows.reduce(0) { $0 + $1.values.count })
        #expect(report.damagedChunks == 0)
    }
}

@Suite struct TailSealerTests {
    @Test func `damaged rows are left out when they are sealed, counted in the log and in the check`() throws {
        let run = try RunBuilder()
        for step in 1...100 { try run.step(step, [("loss", Double(step))], seq: step) }
        try run.writer.file.access { try $0.run("UPDATE tail SET crc = crc + 1 WHERE step IN (7, 8, 9)") }
        for step in 101...256 { try run.step(step, [("loss", Double(step))], seq: step) }
        let reader = try run.reader()
        let expected = (1...256).filter { !(7...9).contains($0) }
        #expect(try reader.points(of: "loss").map(\.step) == expected)
        let logs = try reader.snapshot(RunQuery(logLevel: .error)).logs
        #expect(logs.map(\.message) == ["3 metric rows were damaged on disk"])
        #expect(logs.map(\.worker) == ["orchestrator"])
        let findings = try Integrity.check(path: run.path).findings
        #expect(findings == ["series 1: 256 values were stored, 253 are there"])
    }

    @Test(arguments: [UInt64](1...6))
    func `sealing changes nothing a reader is told, in whatever order rows came`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let run = try RunBuilder()
        let steps = (1...120).shuffled(using: &random)
        for (index, step) in steps.enumerated() {
            let value = [Double.nan, .infinity, -0.0, Double(step)].randomElement(using: &random) ?? 0
            try run.step(step, [("a", value), ("b", 1)], seq: index + 1, time: Int64(index))
        }
        let reader = try run.reader()
        let moments: [Playhead] = [.head, .at(0), .at(40), .at(119)]
        let tell = {
            try moments.map { moment in
                let snapshot = try reader.snapshot(RunQuery(playhead: moment, metrics: ["a", "b"], columns: 11))
                return "\(snapshot.series) \(snapshot.curves["a"] as Any) \(snapshot.curves["b"] as Any)"
            } + [reader.points(of: "a").map { "\($0)" }.joined()]
        }
        let before = try tell()
        try run.writer.sealEverything()
        #expect(try tell() == before)
        let rows = try run.writer.file.access { try $0.first("SELECT COUNT(*) FROM tail") { $0.int(0) } }
        #expect(rows == 0)
    }
}
