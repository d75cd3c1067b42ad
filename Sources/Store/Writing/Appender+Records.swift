import GRDB
import Protocol

/// Everything that is not a metric: one row a record.
extension Appender {
    /// A begin and its end share a row, whichever comes first.
    func append(_ span: WireSpanRecord, attempt: Int64, worker: String) throws {
        let start = noted(span.startNs)
        let end: SQLValue = span.endNs == 0 ? .null : .integer(max(noted(span.endNs), start))
        let number = Int64(clamping: span.number), sequences = Int64(clamping: span.sequences)
        let tokens = Int64(clamping: span.tokens), version = Int64(clamping: span.weightVersion)
        let row: [SQLValue] = [
            .integer(attempt), .text(worker), .integer(number), .text(span.mfc), .text(span.phase),
            .text(span.interfaceType), .text(span.role), .integer(step(span.step)), .integer(start), end,
            .integer(sequences), .integer(tokens), .integer(version),
        ]
        let known = try database.first(
            "SELECT \(RecordTable.span.list), id FROM span WHERE attempt = ? AND worker = ? AND number = ?",
            Array(row[0..<3])
        ) { found in
            var merged = found.values(ofFirst: row.count)
            if case .integer = end { merged[9] = end }
            merged[10] = .integer(max(found.int64(10), sequences))
            merged[11] = .integer(max(found.int64(11), tokens))
            merged[12] = .integer(max(found.int64(12), version))
            // A row that is damaged must not become sound by what is added to it.
            let crc: SQLValue =
                RecordTable.span.isSound(found) ? .integer(Checksum.row(merged)) : .integer(found.int64(13))
            return merged[9...12] + [crc, .integer(found.int64(14))]
        }
        guard let known else { return try database.run(RecordTable.span.insert, checked: row) }
        try database.run(
            "UPDATE span SET end = ?, sequences = ?, tokens = ?, weight_version = ?, crc = ? WHERE id = ?",
            Array(known))
    }

    func append(_ record: WireBufferRecord, attempt: Int64) throws {
        try database.run(
            RecordTable.buffer.insert,
            checked: [
                .integer(attempt), .integer(noted(record.timeNs)), .integer(step(record.step)), .text(record.event),
                .text(record.mfc), .integer(Int64(clamping: record.count)), .integer(Int64(clamping: record.size)),
                .integer(Int64(clamping: record.capacity)), .integer(Int64(clamping: record.beingRead)),
                .text(BufferText.ready(record.ready)), .text(BufferText.staleness(record.staleness)),
                // The bound of the staleness: no trial has one.
                .integer(0),
            ])
    }

    func append(_ record: WireDeviceRecord) throws {
        try database.run(
            RecordTable.device.insert,
            checked: [
                .integer(noted(record.timeNs)), .text(record.device), .text(record.worker), .text(record.name),
                .real(record.utilisation), .integer(Int64(clamping: record.memoryUsed)),
                .integer(Int64(clamping: record.memoryTotal)), .real(record.temperature), .real(record.power),
            ])
    }

    func append(_ record: WireLogRecord, source: String) throws {
        try log(
            LogLevel(rawValue: record.level) ?? .info, record.message,
            worker: record.worker.isEmpty ? source : record.worker, time: record.timeNs)
    }

    func log(_ level: LogLevel, _ message: String, worker: String, time: Int64) throws {
        try database.run(
            RecordTable.log.insert,
            checked: [.integer(noted(time)), .text(worker), .integer(level.rank), .text(message)])
    }

    func append(_ row: LifecycleRow, status: TrialStatus?) throws {
        try database.run(
            RecordTable.lifecycle.insert,
            checked: [
                .integer(noted(row.time)), .text(row.kind), status.map { .text($0.rawValue) } ?? .null,
                .text(row.worker), .text(row.detail),
            ])
    }

    func append(_ record: WireCheckpointRecord, attempt: Int64) throws {
        let bytes = Int64(clamping: record.bytes), step = step(record.step)
        let time = noted(record.timeNs)
        let crc = Checksum.checkpoint(
            attempt: attempt, step: step, role: record.role, path: record.path, bytes: bytes, time: time)
        try database.run(
            """
            INSERT INTO checkpoint (attempt, time, step, role, path, bytes, crc) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (attempt, role, step) DO UPDATE SET time = excluded.time, path = excluded.path,
              bytes = excluded.bytes, crc = excluded.crc
            """,
            [
                .integer(attempt), .integer(time), .integer(step), .text(record.role),
                .text(record.path),
                .integer(bytes), .integer(crc),
            ])
    }

    /// A record knows what its sender knows: the orchestrator has the process number and the restarts, the worker its
    /// step and weight version. What is 0 in one keeps what the other said.
    func append(_ record: WireWorkerStateRecord, source: String) throws {
        let id = record.worker.isEmpty ? source : record.worker
        guard !id.isEmpty else { return }
        let before = ledger.workers[id]
        let row = WorkerRow(
            id: id, state: WorkerState(rawValue: record.state) ?? .failed, detail: record.detail, mfc: record.mfc,
            step: record.step == 0 ? before?.step ?? 0 : Int(step(record.step)),
            pid: record.pid == 0 ? before?.pid ?? 0 : record.pid,
            restarts: max(Int(record.restarts), before?.restarts ?? 0),
            weightVersion: record.weightVersion == 0
                ? before?.weightVersion ?? 0 : Int(clamping: record.weightVersion),
            time: noted(record.timeNs))
        let values: [SQLValue] = [
            .text(row.id), .integer(row.time), .text(row.state.rawValue), .text(row.detail), .text(row.mfc),
            .integer(row.step), .integer(Int64(row.pid)), .integer(row.restarts), .integer(row.weightVersion),
        ]
        // A record that says nothing new is a sign of life: it is no event, and moves the time of the current row alone.
        let isNews = before.map { !$0.isSame(as: row) } ?? true
        if isNews { try database.run(RecordTable.workerEvent.insert, checked: values) }
        // A record that was long under way must not undo a newer one: the current row is the latest by time.
        if let before, before.time > row.time { return }
        try database.run(RecordTable.worker.replace, checked: values)
        ledger.workers[id] = row
    }

    private func step(_ step: UInt64) -> Int64 { Int64(min(step, UInt64(BlockLimits.largestNumber))) }
}

extension WorkerRow {
    /// Whether all but the time is equal.
    fileprivate func isSame(as other: WorkerRow) -> Bool {
        var other = other
        other.time = time
        return self == other
    }
}

extension LogLevel {
    /// Its place in the order of seriousness, as stored.
    var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    static func ranked(_ rank: Int) -> LogLevel { allCases.indices.contains(rank) ? allCases[rank] : .error }
}
