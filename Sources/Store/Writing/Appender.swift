import GRDB
import Protocol

/// Puts records into the open transaction and keeps the ledger in step with it.
struct Appender {
    let database: Database
    let ledger: Ledger

    /// Appends every record of an accepted batch, and its number.
    func append(_ batch: WireTelemetryBatch) throws {
        let attempt = Int64(clamping: TelemetryEpoch(rawValue: batch.epoch).attempt)
        var malformed = 0
        for block in batch.metrics { malformed += try append(block, attempt: attempt) }
        for span in batch.spans { try append(span, attempt: attempt, worker: batch.source) }
        for record in batch.buffers { try append(record, attempt: attempt) }
        for record in batch.devices { try append(record) }
        for record in batch.logs { try append(record, source: batch.source) }
        for record in batch.states { try append(record, source: batch.source) }
        for record in batch.checkpoints { try append(record, attempt: attempt) }
        if malformed > 0 {
            try log(
                .warning, "\(malformed) metric rows made no sense and were left out", worker: batch.source,
                time: ledger.state.endTime)
        }
        try database.run(
            RecordTable.source.replace,
            checked: [
                .text(batch.source), .integer(Int64(bitPattern: batch.epoch)), .integer(Int64(bitPattern: batch.seq)),
                .integer(Int64(clamping: batch.dropped)),
            ])
        ledger.sequences[Ledger.SourceKey(name: batch.source, epoch: batch.epoch)] = batch.seq
    }

    /// Appends the orchestrator's own records, under the current attempt.
    func append(_ records: LocalRecords) throws {
        for record in records.states { try append(record, source: "") }
        for record in records.devices { try append(record) }
        for record in records.logs { try append(record, source: "orchestrator") }
        for record in records.lifecycle { try append(record, status: nil) }
        for record in records.checkpoints { try append(record, attempt: Int64(ledger.attempt)) }
    }

    func begin(attempt: Int, resumeStep: Int, time: Int64, reason: String) throws {
        let time = noted(time)
        try database.run(
            RecordTable.attempt.replace,
            checked: [.integer(attempt), .integer(resumeStep), .integer(time), .text(reason)])
        let isFirst = ledger.attempt == 0 && resumeStep == 0
        let detail = isFirst ? reason : "attempt \(attempt) from step \(resumeStep): \(reason)"
        let kind: LifecycleKind = isFirst ? .started : .resumed
        try append(LifecycleRow(time: time, kind: kind.rawValue, worker: "", detail: detail), status: nil)
        ledger.attempt = max(ledger.attempt, attempt)
    }

    func set(_ status: TrialStatus, detail: String, time: Int64, orchestrator: ProcessIdentity?) throws {
        let time = noted(time)
        let before = ledger.state
        ledger.state.status = status
        ledger.state.detail = detail
        ledger.state.statusTime = time
        ledger.state.orchestrator = orchestrator
        guard status != before.status || detail != before.detail else { return }
        try append(LifecycleRow(time: time, kind: status.rawValue, worker: "", detail: detail), status: status)
    }

    /// Writes what is kept back until the end of a transaction: the last value of each series, and the run's state.
    func finish() throws {
        let update = try database.statement(
            """
            UPDATE series SET n = ?, last_attempt = ?, last_step = ?, last_time = ?, last = ?, crc = ? WHERE id = ?
            """)
        for index in ledger.sets.indices where ledger.sets[index].newRows > 0 {
            for series in ledger.settleNewest(of: index) {
                update.bind(1, series.count)
                update.bind(2, series.attempt)
                update.bind(3, series.step)
                update.bind(4, series.time)
                update.bind(5, series.last)
                update.bind(6, Checksum.series(series))
                update.bind(7, series.id)
                try update.run()
            }
        }
        let state = ledger.state.values
        try database.run(
            """
            UPDATE run SET status = ?, status_detail = ?, status_time = ?, orchestrator_pid = ?,
              orchestrator_start_ticks = ?, end_time = ?, state_crc = ?, closed = 0
            """, state + [.integer(Checksum.row(state))])
    }

    /// A time that is kept within bounds, and known as the run's latest when it is.
    func noted(_ time: Int64) -> Int64 {
        let time = min(max(time, 0), BlockLimits.largestNumber)
        if time > ledger.state.endTime { ledger.state.endTime = time }
        return time
    }
}

extension Ledger {
    /// Moves a set's newest row into its series; - Returns: the series as they are now.
    func settleNewest(of set: Int) -> [SeriesRecord] {
        guard let newest = sets[set].newest else { return [] }
        let isAfter = { (one: SeriesRecord) in (newest.attempt, newest.step) >= (one.attempt, one.step) }
        let members = sets[set].series
        for (column, index) in members.enumerated() {
            series[index].count &+= sets[set].newRows
            guard isAfter(series[index]) else { continue }
            series[index].attempt = newest.attempt
            series[index].step = newest.step
            series[index].time = newest.time
            series[index].last = newest.values[column]
        }
        sets[set].newRows = 0
        sets[set].newest = nil
        return members.map { series[$0] }
    }
}
