import GRDB
import Protocol
import TestSupport
import Testing

@testable import Store

@Suite struct SchemaTests {
    /// Tables and columns of version 1. A change here is a change to files people have: it needs a migration.
    private static let version1 = """
        attempt(number, resume_step, time, reason)
        block(id, column_set, attempt, n, first_step, last_step, stride, steps, first_time, last_time, times, crc)
        buffer_event(id, attempt, time, step, event, mfc, count, size, capacity, being_read, ready, staleness, staleness_bound)
        checkpoint(id, attempt, time, step, role, path, bytes, crc)
        chunk(id, series, block, n, not_finite, lo, hi, sum, last, summary_crc, crc, blob)
        column_set(id, series, crc)
        device_sample(id, time, device, worker, name, utilisation, memory_used, memory_total, temperature, power)
        lifecycle(id, time, kind, status, worker, detail)
        log(id, time, worker, level, message)
        run(one, experiment, trial, started_wall, total_steps, header, status, status_detail, status_time, orchestrator_pid, \
        orchestrator_start_ticks, end_time, durable)
        series(id, key, n, last_attempt, last_step, last_time, last, crc)
        source(name, epoch, seq, dropped)
        span(id, attempt, worker, number, mfc, phase, interface_type, role, step, start, end, sequences, tokens, weight_version)
        tail(id, attempt, step, time, packed, crc)
        v_checkpoint(attempt, time, step, role, path, bytes)
        v_event(time, kind, worker, detail)
        v_log(id, time, worker, level, message)
        v_metric_last(name, count, step, time, value)
        v_run(experiment, trial, started_wall, total_steps, status, status_detail, orchestrator_pid, attempts, end_time)
        v_span(attempt, worker, mfc, phase, interface_type, role, step, start, end, duration, sequences, tokens, weight_version)
        worker(id, time, state, detail, mfc, step, pid, restarts, weight_version)
        worker_event(id, time, worker, state, detail, mfc, step, pid, restarts, weight_version)
        """

    /// What version 2 added: columns at the end of these tables.
    private static let added = [
        "attempt": "crc", "buffer_event": "crc", "device_sample": "crc", "lifecycle": "crc", "log": "crc",
        "run": "crc, state_crc, closed", "source": "crc", "span": "crc", "worker": "crc", "worker_event": "crc",
    ]

    private static var version2: String {
        version1.split(separator: "\n").map { line in
            let name = String(line.prefix { $0 != "(" })
            return added[name].map { "\(line.dropLast()), \($0))" } ?? String(line)
        }.joined(separator: "\n")
    }

    private func schema(_ database: Database) throws -> String {
        try database.rows(
            """
            SELECT s.name || '(' || (SELECT group_concat(name, ', ') FROM pragma_table_info(s.name)) || ')'
            FROM sqlite_schema s WHERE s.type IN ('table', 'view') AND s.name NOT LIKE 'sqlite_%' ORDER BY s.name
            """
        ) { $0.text(0) }.joined(separator: "\n")
    }

    @Test(arguments: [1, 2])
    func `each version has these tables and views`(version: Int) throws {
        let folder = TemporaryFolder()
        let file = try SQLiteFile(creating: folder.write("", to: "v.sqlite"))
        let found = try file.access { database in
            try SchemaMigrator(
                applicationID: RunSchema.applicationID, migrations: Array(RunSchema.migrations.prefix(version))
            ).migrate(database, from: 0)
            return try schema(database)
        }
        #expect(found == (version == 1 ? Self.version1 : Self.version2))
    }

    @Test func `a run that is made has the newest version, and its records the columns their checksums name`() throws {
        let run = try RunBuilder()
        let found = try run.writer.file.access { database in
            for table in RecordTable.all { _ = try table.damagedRows(in: database) }
            return try schema(database)
        }
        #expect(found == Self.version2)
    }

    @Test func `a run says what it is in its header`() throws {
        let run = try RunBuilder()
        let numbers = try run.writer.file.access { database in
            try ["application_id", "user_version"].map { try database.first("PRAGMA \($0)") { $0.int64(0) } }
        }
        #expect(numbers == [0x636b_7074, 2])
    }

    @Test func `migrations are applied in order, from where the file is`() throws {
        let folder = TemporaryFolder()
        let path = folder.write("", to: "m.sqlite")
        let file = try SQLiteFile(creating: path)
        let steps = ["CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y", "INSERT INTO a VALUES (1, 2)"]
        let whole = SchemaMigrator(applicationID: 7, migrations: steps)
        let (version, values) = try file.access { database in
            try SchemaMigrator(applicationID: 7, migrations: Array(steps.prefix(1))).migrate(database, from: 0)
            try whole.migrate(database, from: whole.check(database, path: path))
            return (try whole.check(database, path: path), try database.rows("SELECT y FROM a") { $0.int(0) })
        }
        #expect(version == 3)
        #expect(values == [2])
    }

    @Test func `a migration that fails leaves the version it started from`() throws {
        let folder = TemporaryFolder()
        let path = folder.write("", to: "m.sqlite")
        let file = try SQLiteFile(creating: path)
        let broken = SchemaMigrator(
            applicationID: 7, migrations: ["CREATE TABLE a (x)", "CREATE TABLE b (x); nonsense"])
        #expect(throws: StoreError.self) { try file.access { try broken.migrate($0, from: 0) } }
        let version = try file.access { try broken.check($0, path: path) }
        let tables = try file.access { try $0.rows("SELECT name FROM sqlite_schema", []) { $0.text(0) } }
        #expect(version == 1)
        #expect(tables == ["a"])
    }

    @Test func `the views answer other programs`() throws {
        let run = try RunBuilder()
        _ = try run.writer.append(
            Batch.of(seq: 1) { batch in
                batch.metrics = [Batch.block(3, [("loss", 0.5)])]
                batch.spans = [Batch.span(1, start: 100, end: 250)]
                batch.logs = [Batch.log("hello", level: .warning)]
                batch.checkpoints = [Batch.checkpoint(3, time: 9)]
            })
        try run.writer.setStatus(.running, detail: "", time: 5, orchestrator: nil)
        let answers = try run.writer.file.access { database in
            try [
                "SELECT name || ' ' || count || ' ' || step || ' ' || value FROM v_metric_last",
                "SELECT worker || ' ' || duration FROM v_span", "SELECT level || ' ' || message FROM v_log",
                "SELECT role || ' ' || step FROM v_checkpoint",
                "SELECT trial || ' ' || status || ' ' || attempts FROM v_run",
                "SELECT group_concat(kind) FROM v_event",
            ].map { try database.first($0) { $0.text(0) } }
        }
        let expected = [
            "loss 1 3 0.5", "model_worker/0 150", "warning hello", "actor 3", "first running 1", "started,running",
        ]
        #expect(answers == expected)
    }
}
