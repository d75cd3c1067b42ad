import GRDB
import Protocol

/// Turns the rows of one column set's tail into one block of compressed chunks an attempt.
///
/// It runs inside the transaction that appended the last of them, and reads them back from the file: whatever a crash
/// left in the tail is sealed like everything else, and a second call finds nothing to do.
struct TailSealer {
    let database: Database

    private struct Row {
        let attempt: Int64
        let step: Int64
        let time: Int64
        let values: [Double]
    }

    /// Seals what the tail holds of `set`; - Returns: rows that were damaged and had to be left out.
    func seal(_ set: Ledger.ColumnSet, seriesIDs: [Int64]) throws -> Int {
        let bounds: [SQLValue] = [.integer(set.tailRange.lowerBound), .integer(set.tailRange.upperBound)]
        var damaged = 0
        var attempts: [Int64: [Row]] = [:]
        for row in try database.rows(TailQueries.ofSet, bounds, TailQueries.row) {
            if row.isSound, row.values.count == seriesIDs.count {
                attempts[row.attempt, default: []].append(
                    Row(attempt: row.attempt, step: row.step, time: row.time, values: row.values))
            } else {
                damaged += 1
            }
        }
        for attempt in attempts.keys.sorted() {
            // Swift's sort is stable: rows of one step stay in the order they came.
            let rows = (attempts[attempt] ?? []).sorted { $0.step < $1.step }
            try insert(rows, of: set.id, seriesIDs: seriesIDs)
        }
        try database.run("DELETE FROM tail WHERE id BETWEEN ? AND ?", bounds)
        return damaged
    }

    private func insert(_ rows: [Row], of set: Int64, seriesIDs: [Int64]) throws {
        guard let first = rows.first, let last = rows.last else { return }
        let times = rows.map(\.time)
        var head = BlockHead(
            id: 0, columnSet: set, attempt: first.attempt, count: rows.count, firstStep: first.step,
            lastStep: last.step,
            steps: AxisCodec.encodeSteps(rows.map(\.step)), firstTime: times.min() ?? 0, lastTime: times.max() ?? 0)
        let axis = AxisCodec.encode(times)
        let newest = try database.first("SELECT MAX(id) FROM block") { $0.int64(0) } ?? 0
        guard newest < .max else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the numbers of its blocks are damaged")
        }
        head.id = newest + 1
        let (stride, steps): (SQLValue, SQLValue) =
            switch head.steps {
            case .strided(_, let stride): (.integer(stride), .null)
            case .explicit(let bytes): (.null, .blob(bytes))
            }
        try database.run(
            "INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                .integer(head.id), .integer(set), .integer(head.attempt), .integer(head.count),
                .integer(head.firstStep),
                .integer(head.lastStep), stride, steps, .integer(head.firstTime), .integer(head.lastTime), .blob(axis),
                .integer(head.checksum(times: axis)),
            ])
        let insert = try database.statement(
            """
            INSERT INTO chunk (series, block, n, not_finite, lo, hi, sum, last, summary_crc, crc, blob)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        var values = [Double](repeating: 0, count: rows.count)
        for (column, series) in seriesIDs.enumerated() {
            for index in rows.indices { values[index] = rows[index].values[column] }
            try Self.insert(values, series: series, block: head.id, by: insert)
        }
    }

    private static func insert(_ values: [Double], series: Int64, block: Int64, by insert: SQLStatement) throws {
        let summary = ChunkSummary(of: values)
        let blob = ColumnCodec.encode(values)
        insert.bind(1, series)
        insert.bind(2, block)
        insert.bind(3, Int64(summary.finite))
        insert.bind(4, Int64(summary.notFinite))
        insert.bind(5, summary.low)
        insert.bind(6, summary.high)
        insert.bind(7, summary.sum)
        insert.bind(8, summary.last)
        insert.bind(9, summary.checksum(series: series, block: block))
        try blob.withUnsafeBytes { bytes in
            insert.bind(10, Checksum.chunk(series: series, block: block, blob: bytes))
            insert.bindBorrowed(11, bytes)
            try insert.run()
        }
    }
}
