import GRDB
import Protocol

/// What a check of a run's file found.
package struct IntegrityReport: Sendable, Equatable {
    /// One sentence each; empty for a sound file.
    package var findings: [String]
    /// Rows and values that were looked at.
    package var steps: Int
    package var values: Int
    package var blocks: Int
    package var damagedChunks: Int

    package var isSound: Bool { findings.isEmpty }
}

/// Checks a run's file from end to end: SQLite's structure, every checksum, every count.
package enum Integrity {
    private static let mostFindings = 100

    /// Reads the whole file; on a live run it sees the committed state.
    /// - Throws: what `StoredRun.open` throws for a file that cannot be looked into at all.
    package static func check(path: String) throws(StoreError) -> IntegrityReport {
        let opening = try RunOpening.open(path)
        return try opening.reading { database in
            var report = IntegrityReport(findings: opening.damage, steps: 0, values: 0, blocks: 0, damagedChunks: 0)
            // A file without the log that belongs to it is between two states: what else is wrong there says nothing.
            guard report.isSound else { return report }
            do {
                report.findings += try structure(database)
                report.findings += try header(database, path: path)
                report.findings += try records(database)
                report.findings += try numbers(database)
                try metrics(database, into: &report)
            } catch let error as DatabaseError {
                report.findings.append("the file cannot be read to its end: \(error.message ?? "\(error.resultCode)")")
            }
            if report.findings.count > mostFindings {
                let more = report.findings.count - mostFindings
                report.findings = report.findings.prefix(mostFindings) + ["and \(more) more findings"]
            }
            return report
        }
    }

    /// Without its header no command can open a run.
    private static func header(_ database: Database, path: String) throws -> [String] {
        do {
            _ = try RunFile.header(database, path: path)
            return []
        } catch let error as StoreError {
            return [error.detail]
        }
    }

    private static func records(_ database: Database) throws -> [String] {
        let damaged = try RecordTable.all.map { (table: $0, rows: try $0.damagedRows(in: database)) }
        return try [RunState.damage(database)].compactMap { $0 }
            + damaged.filter { $0.rows > 0 }.map { "\($0.rows) \($0.table.noun) records are damaged" }
    }

    /// No checksum covers the numbers of rows; they have gaps where a row was lost, or where the schema no longer says that
    /// its table is numbered.
    private static func numbers(_ database: Database) throws -> [String] {
        let gaps = try RecordTable.numbered.compactMap { table in
            let sql = "SELECT COUNT(*), MIN(\(table.number)), MAX(\(table.number)) FROM \(table.name)"
            return try database.first(sql) { row -> String? in
                let count = row.int(0), first = row.int(1), last = row.int(2)
                guard count > 0, first != 1 || last != count else { return nil }
                return "\(table.noun) records have numbers from \(first) to \(last), and \(count) are there"
            } ?? nil
        }
        return try gaps + attemptsGone(database)
    }

    /// Most runs have one attempt, which leaves no gap. That it began is also a row of its lifecycle.
    private static func attemptsGone(_ database: Database) throws -> [String] {
        try database.first(
            """
            SELECT COUNT(*) FROM lifecycle WHERE kind IN ('\(LifecycleKind.started.rawValue)',
                '\(LifecycleKind.resumed.rawValue)')
              AND NOT EXISTS (SELECT 1 FROM attempt)
            """
        ) { $0.int(0) }.map { $0 > 0 ? ["no attempt record is there, and \($0) began"] : [] } ?? []
    }

    private static func structure(_ database: Database) throws -> [String] {
        try database.rows("PRAGMA integrity_check(100)") { $0.text(0) }.filter { $0 != "ok" }
    }

    private static func metrics(_ database: Database, into report: inout IntegrityReport) throws {
        var directory = BlockDirectory()
        try directory.update(database)
        let reader = try MetricReader(
            database, visibility: Visibility(attempts: [], time: .max), blocks: directory)
        report.blocks = directory.order.count
        for id in directory.order {
            guard let block = directory.heads[id] else { continue }
            _ = try reader.axis(of: block)
            report.steps += block.count
            guard let members = reader.sets[block.columnSet] else {
                report.findings.append("block \(id): its column set \(block.columnSet) is missing or damaged")
                continue
            }
            for series in members { try chunk(of: series, in: block, reader, into: &report) }
        }
        // Rows whose set is gone are damaged too, also when no set is left to ask for its own.
        _ = try reader.tail(of: 0)
        for set in reader.sets.keys.sorted() {
            let rows = try reader.tail(of: set)
            report.steps += rows.count
            report.values += rows.reduce(0) { $0 + $1.values.count }
        }
        try counts(reader, into: &report)
        let damaged = try RecordReader(
            database: database, visibility: reader.visibility, time: 0, query: RunQuery()
        ).checkpoints(most: -1).damaged
        if damaged > 0 { report.findings.append("\(damaged) checkpoint records are damaged") }
        report.findings += reader.damage
    }

    private static func chunk(
        of series: Int64, in block: BlockHead, _ reader: MetricReader, into report: inout IntegrityReport
    ) throws {
        guard let values = try reader.values(of: series, in: block) else {
            report.damagedChunks += 1
            return
        }
        report.values += values.count
        let stored = try reader.database.first(
            "SELECT n, not_finite, lo, hi, sum, last FROM chunk WHERE series = ? AND block = ?",
            [.integer(series), .integer(block.id)]
        ) { row in
            ChunkSummary(
                finite: row.int(0), notFinite: row.int(1), low: row.double(2), high: row.double(3), sum: row.double(4),
                last: row.double(5))
        }
        if stored != ChunkSummary(of: values) {
            report.findings.append("block \(block.id): the summary of series \(series) does not fit its values")
        }
    }

    /// Every row of a set has one value of each member, so a series has as many values as its sets have rows.
    private static func counts(_ reader: MetricReader, into report: inout IntegrityReport) throws {
        var rows: [Int64: Int] = [:]
        for set in reader.sets.keys {
            rows[set] = try reader.blocks(of: set).reduce(0) { $0 + $1.count } + reader.tail(of: set).count
        }
        for series in reader.series {
            let found = reader.places(of: series.id).reduce(0) { $0 + (rows[$1.set] ?? 0) }
            if found != series.count {
                report.findings.append("series \(series.id): \(series.count) values were stored, \(found) are there")
            }
        }
    }
}
