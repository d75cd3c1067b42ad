import GRDB
import Protocol

/// Reads everything that is not a metric, as it stood at the playhead, within one read transaction.
struct RecordReader {
    private static let mostSpans = 4096
    /// A span that runs across the window's left edge is among the last few its worker began before it.
    private static let spansBefore = 16
    private static let mostSamples = 20_000
    private static let mostEvents = 512

    let database: Database
    let visibility: Visibility
    /// The playhead for screens: the newest record's time at the head.
    let time: Int64
    let query: RunQuery
    let damaged = DamagedRows()

    private var latest: SQLValue { .integer(visibility.time) }
    private var windowStart: Int64 {
        let (start, overflow) = time.subtractingReportingOverflow(max(1, query.timelineWindow))
        return overflow ? 0 : start
    }

    // MARK: - Status

    func status() throws -> (status: TrialStatus, detail: String) {
        let sql =
            visibility.time == .max
            ? "SELECT status, status_detail FROM run"
            : """
            SELECT status, detail FROM lifecycle WHERE status IS NOT NULL AND time <= ? ORDER BY time DESC, id DESC LIMIT 1
            """
        return try database.first(sql, visibility.time == .max ? [] : [latest]) { row in
            (TrialStatus(rawValue: row.text(0)) ?? .failed, row.text(1))
        } ?? (.pending, "")
    }

    /// Rows of which there may be too many: the newest, and since when they are all there where some were left out.
    typealias Cut<Row> = (rows: [Row], before: Int64?)

    func events() throws -> Cut<LifecycleRow> {
        let rows = try rows(
            of: .lifecycle,
            "SELECT \(RecordTable.lifecycle.list) FROM lifecycle WHERE time <= ? ORDER BY time DESC, id DESC LIMIT ?",
            [latest, .integer(Self.mostEvents)]
        ) { row in
            LifecycleRow(time: row.int64(0), kind: row.text(1), worker: row.text(3), detail: row.text(4))
        }
        return (rows.reversed(), rows.count < Self.mostEvents ? nil : rows.last?.time)
    }

    func workers() throws -> [WorkerRow] {
        let current = try rows(of: .worker, WorkerQueries.current, [], WorkerQueries.row)
        if visibility.time == .max { return WorkerQueries.sorted(current) }
        let then = try current.flatMap { worker in
            try rows(of: .workerEvent, WorkerQueries.atTime, [.text(worker.id), latest], WorkerQueries.row)
        }
        return WorkerQueries.sorted(then)
    }

    /// TOTAL, because what two senders claim may be more than SUM can hold, and that would fail the whole snapshot.
    func droppedRecords() throws -> Int {
        // Both are small tables that are read whole; what they say is used also where no row of theirs is shown.
        for table in [RecordTable.source, .attempt] { damaged.note(table, rows: try table.damagedRows(in: database)) }
        return try database.first("SELECT TOTAL(dropped) FROM source") { $0.int(0) } ?? 0
    }

    /// Checkpoints that the run can still be resumed from, and how many records of them are damaged.
    /// - Parameter most: of the newest records, how many are looked at; -1 for all.
    func checkpoints(most: Int = mostEvents) throws -> (rows: [CheckpointRow], damaged: Int) {
        let found = try database.rows(
            """
            SELECT attempt, time, step, role, path, bytes, crc FROM checkpoint WHERE time <= ?
            ORDER BY time DESC, id DESC LIMIT ?
            """, [latest, .integer(most)]
        ) { row in
            let one = CheckpointRow(
                time: row.int64(1), step: row.int(2), role: row.text(3), path: row.text(4), bytes: row.int64(5))
            let isSound = [one.time, nil].contains { time in
                Checksum.checkpoint(
                    attempt: row.int64(0), step: row.int64(2), role: one.role, path: one.path, bytes: one.bytes,
                    time: time) == row.int64(6)
            }
            return (one, attempt: row.int64(0), isSound: isSound)
        }
        let sound = found.filter { $0.isSound && Int64($0.0.step) <= visibility.lastStep(of: $0.attempt) }
        return (sound.map(\.0).reversed(), found.count { !$0.isSound })
    }

    /// What `body` makes of the sound rows of a SELECT that begins with the table's own list.
    private func rows<T>(
        of table: RecordTable, _ sql: String, _ values: [SQLValue], _ body: (SQLStatement) throws -> T?
    ) throws -> [T] {
        try database.rows(sql, values) { row in
            guard table.isSound(row) else {
                damaged.note(table)
                return nil
            }
            return try body(row)
        }.compactMap { $0 }
    }

    // MARK: - Timeline

    /// Spans that touch the window, oldest first. One that ends after the playhead is still running there.
    func spans(workers: [String]) throws -> Cut<SpanRow> {
        let columns = "SELECT \(RecordTable.span.list), id FROM span"
        var spans = try rows(
            of: .span, "\(columns) WHERE start >= ? AND start <= ? ORDER BY start DESC LIMIT ?",
            [.integer(windowStart), latest, .integer(Self.mostSpans)], span)
        let before = spans.count < Self.mostSpans ? nil : spans.last?.start
        for worker in workers {
            spans += try rows(
                of: .span, "\(columns) WHERE worker = ? AND start < ? ORDER BY start DESC LIMIT ?",
                [.text(worker), .integer(windowStart), .integer(Self.spansBefore)], span
            ).filter(reachesWindow)
        }
        return (spans.sorted { ($0.start, $0.id) < ($1.start, $1.id) }, before)
    }

    private func span(_ row: SQLStatement) -> SpanRow {
        let end: Int64? = row.isNull(9) || row.int64(9) > visibility.time ? nil : row.int64(9)
        return SpanRow(
            id: row.int64(14), attempt: row.int(0), worker: row.text(1), mfc: row.text(3), phase: row.text(4),
            interfaceType: row.text(5), role: row.text(6), step: row.int(7), start: row.int64(8), end: end,
            sequences: row.int(10), tokens: row.int(11), weightVersion: row.int(12))
    }

    /// A span its worker died in has no end; it ran no longer than its attempt.
    private func reachesWindow(_ span: SpanRow) -> Bool {
        let end = span.end ?? visibility.end(of: Int64(span.attempt)) ?? .max
        return end >= windowStart
    }

    // MARK: - Buffer and devices

    func buffer() throws -> BufferRow? {
        try rows(
            of: .buffer,
            """
            SELECT \(RecordTable.buffer.list) FROM buffer_event WHERE time <= ? ORDER BY time DESC, id DESC LIMIT 1
            """, [latest]
        ) { row in
            BufferRow(
                time: row.int64(1), step: row.int(2), event: row.text(3), mfc: row.text(4), count: row.int(5),
                size: row.int(6), capacity: row.int(7), beingRead: row.int(8), ready: BufferText.ready(row.text(9)),
                staleness: BufferText.staleness(row.text(10)))
        }.first
    }

    /// The buffer's size over the window.
    func bufferHistory() throws -> Cut<ReducedColumn> {
        var accumulator = window()
        let events = try rows(
            of: .buffer,
            """
            SELECT \(RecordTable.buffer.list) FROM buffer_event WHERE time >= ? AND time <= ?
            ORDER BY time DESC, id DESC LIMIT ?
            """, [.integer(windowStart), latest, .integer(Self.mostSamples)]
        ) { ($0.int64(1), $0.double(6)) }
        for (time, size) in events.reversed() { accumulator.add(size, at: time, attempt: 0) }
        return (accumulator.reduced(), events.count < Self.mostSamples ? nil : events.last?.0)
    }

    /// The newest sample of each device and process that was measured in the window.
    func devices() throws -> Cut<DeviceRow> {
        let samples = try rows(
            of: .device,
            """
            SELECT \(RecordTable.device.list) FROM device_sample WHERE time >= ? AND time <= ? ORDER BY time DESC, id DESC LIMIT ?
            """, [.integer(windowStart), latest, .integer(Self.mostSamples)]
        ) { row in
            DeviceRow(
                device: row.text(1), worker: row.text(2), name: row.text(3), time: row.int64(0),
                utilisation: row.double(4), memoryUsed: row.int64(5), memoryTotal: row.int64(6),
                temperature: row.double(7), power: row.double(8), history: [])
        }
        var newest: [[String]: DeviceRow] = [:]
        var histories: [[String]: ColumnAccumulator] = [:]
        for sample in samples.reversed() {
            let key = [sample.device, sample.worker]
            newest[key] = sample
            histories[key, default: window()].add(sample.utilisation, at: sample.time, attempt: 0)
        }
        let rows = newest.keys.sorted { $0.lexicographicallyPrecedes($1) }.compactMap { key -> DeviceRow? in
            guard var row = newest[key] else { return nil }
            row.history = histories[key]?.reduced() ?? []
            return row
        }
        return (rows, samples.count < Self.mostSamples ? nil : samples.last?.time)
    }

    private func window() -> ColumnAccumulator {
        ColumnAccumulator(first: windowStart, last: time, columns: query.boundedColumns)
    }

    // MARK: - Logs

    /// The newest log records the query asks for, oldest first.
    func logs() throws -> [LogRow] {
        let limit = min(max(query.logLimit, 0), 10_000)
        var found: [LogRow] = []
        // A level at a time, so that a few errors among a million lines are found by an index.
        for level in LogLevel.allCases where level >= query.logLevel {
            let columns = "SELECT \(RecordTable.log.list), id FROM log WHERE"
            let rest = "level = ? AND time <= ? ORDER BY time DESC, id DESC LIMIT ?"
            let values: [SQLValue] = [.integer(level.rank), latest, .integer(limit)]
            if let worker = query.logWorker {
                found += try rows(
                    of: .log, "\(columns) worker = ? AND \(rest)", [.text(worker)] + values, LogQueries.row)
            } else {
                found += try rows(of: .log, "\(columns) \(rest)", values, LogQueries.row)
            }
        }
        return found.sorted { ($0.time, $0.id) < ($1.time, $1.id) }.suffix(limit)
    }
}

/// Damaged rows that a reading met, by table.
final class DamagedRows {
    private var counts: [String: Int] = [:]

    func note(_ table: RecordTable, rows: Int = 1) { if rows > 0 { counts[table.noun, default: 0] += rows } }

    var sentences: [String] {
        counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key) records are damaged" }
    }
}

enum LogQueries {
    static func row(_ row: SQLStatement) -> LogRow {
        LogRow(
            id: row.int64(5), time: row.int64(0), worker: row.text(1), level: .ranked(row.int(2)), message: row.text(3))
    }
}

extension RunQuery {
    /// No screen has more columns, and a mistake must not cost memory.
    var boundedColumns: Int { min(max(columns, 1), 4096) }
}
