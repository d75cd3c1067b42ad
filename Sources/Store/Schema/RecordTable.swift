import GRDB

/// A table of records that are written once or as a whole: its columns, in the order in which its checksum covers them.
///
/// SQLite's own check sees a broken page and no flipped bit inside a value, so every row carries a CRC32 of what was
/// bound to it. The rowid is no part of it: nothing refers to one.
struct RecordTable: Sendable {
    let name: String
    /// What findings call its rows.
    let noun: String
    /// The columns and the checksum after them, for a SELECT that may name more behind.
    let list: String
    /// Where the checksum stands in `list`.
    let count: Int
    let insert: String
    /// The same, in place of a row with the same key.
    let replace: String

    private init(_ name: String, _ noun: String, _ columns: String) {
        self.name = name
        self.noun = noun
        list = "\(columns), crc"
        count = columns.split(separator: ",").count
        let values = "\(name) (\(columns), crc) VALUES (\(String(repeating: "?, ", count: count))?)"
        insert = "INSERT INTO \(values)"
        replace = "INSERT OR REPLACE INTO \(values)"
    }

    static let lifecycle = RecordTable("lifecycle", "lifecycle", "time, kind, status, worker, detail")
    static let attempt = RecordTable("attempt", "attempt", "number, resume_step, time, reason")
    static let source = RecordTable("source", "source", "name, epoch, seq, dropped")
    static let span = RecordTable(
        "span", "span",
        """
        attempt, worker, number, mfc, phase, interface_type, role, step, start, end, sequences, tokens, weight_version
        """)
    static let buffer = RecordTable(
        "buffer_event", "buffer",
        """
        attempt, time, step, event, mfc, count, size, capacity, being_read, ready, staleness, staleness_bound
        """)
    static let device = RecordTable(
        "device_sample", "device",
        "time, device, worker, name, utilisation, memory_used, memory_total, temperature, power")
    static let log = RecordTable("log", "log", "time, worker, level, message")
    static let worker = RecordTable(
        "worker", "worker", "id, time, state, detail, mfc, step, pid, restarts, weight_version")
    static let workerEvent = RecordTable(
        "worker_event", "worker event", "worker, time, state, detail, mfc, step, pid, restarts, weight_version")

    static let all = [lifecycle, attempt, source, span, buffer, device, log, worker, workerEvent]
    /// A table whose rows are numbered from 1 as they come, and never taken out.
    struct Numbered: Sendable {
        let name: String
        let noun: String
        /// The column that has the number.
        let number: String
    }

    /// A checkpoint that is recorded again keeps its number; attempts are counted by the trial, and each begins here.
    static let numbered: [Numbered] =
        [lifecycle, span, buffer, device, log, workerEvent].map { Numbered(name: $0.name, noun: $0.noun, number: "id") }
        + [
            Numbered(name: attempt.name, noun: attempt.noun, number: "number"),
            Numbered(name: "checkpoint", noun: "checkpoint", number: "id"),
        ]

    /// Whether a row of a SELECT that begins with `list` is what was written. A row of version 1 has no checksum and
    /// counts as sound.
    func isSound(_ row: SQLStatement) -> Bool {
        row.isNull(count) || row.checksum(ofFirst: count) == row.int64(count)
    }

    /// How many rows are damaged.
    func damagedRows(in database: Database) throws -> Int {
        var damaged = 0
        try database.statement("SELECT \(list) FROM \(name)").rows { row in
            if !isSound(row) { damaged += 1 }
            return true
        }
        return damaged
    }
}

extension Database {
    /// Runs `table.insert` or `table.replace` with a row and its checksum.
    func run(_ sql: String, checked values: [SQLValue]) throws {
        let statement = try statement(sql)
        statement.bind(values)
        statement.bind(values.count + 1, Checksum.row(values))
        try statement.run()
    }
}
