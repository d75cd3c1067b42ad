import GRDB
import Protocol

/// What the writer knows of the file without asking it: numbers, names and counts of everything appended so far.
///
/// It is loaded from the committed state and thrown away whenever a transaction is rolled back, so it cannot disagree
/// with the file.
final class Ledger {
    struct SourceKey: Hashable {
        let name: String
        let epoch: UInt64
    }

    /// The series that come in one row, and what of them is not yet in `series`.
    struct ColumnSet {
        let id: Int64
        let series: [Int]
        /// Rows in the tail, and the number the next one gets.
        var tailCount: Int
        var nextTail: Int64
        var newRows: Int64 = 0
        var newest: Row?

        /// Rows of a set are neighbours in the tail's b-tree: the set's number is the upper half of theirs.
        var tailRange: ClosedRange<Int64> { (id << 32)...(id << 32 | 0xffff_ffff) }
    }

    struct Row {
        var attempt: Int64
        var step: Int64
        var time: Int64
        var values: [Double]
    }

    var sequences: [SourceKey: UInt64] = [:]
    var series: [SeriesRecord] = []
    var seriesIndex: [String: Int] = [:]
    /// The largest number given to a series, and to a set.
    var lastSeries: Int64 = 0
    var lastSet: Int64 = 0
    var sets: [ColumnSet] = []
    var setIndex: [[String]: Int] = [:]
    var workers: [String: WorkerRow] = [:]
    var state = RunState()
    var attempt = 0

    /// Reads the committed state.
    static func load(_ database: Database) throws -> Ledger {
        let ledger = Ledger()
        try ledger.loadRun(database)
        try ledger.loadSeries(database)
        try ledger.loadSets(database)
        return ledger
    }

    private func loadRun(_ database: Database) throws {
        state = try RunState.load(database) ?? RunState()
        attempt = try database.first("SELECT MAX(number) FROM attempt") { $0.int(0) } ?? 0
        // A damaged number would be taken for the last one of its source: whatever that sends next would be refused.
        let sources = try database.rows("SELECT \(RecordTable.source.list) FROM source") { row in
            let key = SourceKey(name: row.text(0), epoch: UInt64(bitPattern: row.int64(1)))
            return RecordTable.source.isSound(row) ? (key, UInt64(bitPattern: row.int64(2))) : nil
        }
        for (key, seq) in sources.compactMap({ $0 }) { sequences[key] = seq }
        let known = try database.rows(WorkerQueries.current, [], WorkerQueries.row)
        for worker in known.compactMap({ $0 }) { workers[worker.id] = worker }
    }

    /// What a damaged row says of its newest value could hide every later one, and would be stored with a sound
    /// checksum at the next commit. Such a series counts from 0 again, which every reader then reports.
    private func loadSeries(_ database: Database) throws {
        series = try database.rows(SeriesQueries.byID, [], SeriesQueries.row).map { one, isSound in
            isSound ? one : SeriesRecord(id: one.id, key: one.key, count: 0, attempt: 0, step: 0, time: 0, last: 0)
        }
        for (index, one) in series.enumerated() { seriesIndex[one.key] = index }
        _ = try Self.checked(series.first?.id ?? 0, "series")
        lastSeries = try Self.checked(series.last?.id ?? 0, "series")
    }

    private func loadSets(_ database: Database) throws {
        let byID = Dictionary(series.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        let stored = try database.rows("SELECT id, series, crc FROM column_set ORDER BY id") { row in
            (id: row.int64(0), text: row.text(1), crc: row.int64(2))
        }
        for (id, text, crc) in stored {
            let listed = SeriesList.parse(text)
            let members = listed.compactMap { byID[$0] }
            var set = ColumnSet(id: id, series: members, tailCount: 0, nextTail: 0)
            _ = try database.first(
                "SELECT COUNT(*), MAX(id) FROM tail WHERE id BETWEEN ? AND ?",
                [.integer(set.tailRange.lowerBound), .integer(set.tailRange.upperBound)]
            ) { row in
                set.tailCount = row.int(0)
                set.nextTail = row.isNull(1) ? 0 : row.int64(1) - set.tailRange.lowerBound + 1
            }
            // Readers leave out what stands in a damaged set, so nothing more may go there.
            if Checksum.columnSet(id: id, series: text) == crc {
                if members.count == listed.count { setIndex[members.map { series[$0].key }] = sets.count }
                lastSeries = max(lastSeries, listed.max() ?? 0)
            }
            sets.append(set)
        }
        lastSet = max(try Self.checked(sets.last?.id ?? 0, "column sets"), try Self.lastSetOfRows(database))
    }

    /// Rows may outlive the row of their set; its number must not be given again.
    private static func lastSetOfRows(_ database: Database) throws -> Int64 {
        try database.first(
            """
            SELECT MAX(id) FROM (
              SELECT MAX(id) >> 32 AS id FROM tail UNION ALL SELECT MAX(column_set) FROM block WHERE column_set < ?)
            """, [.integer(Int64(Int32.max))]
        ) { $0.int64(0) } ?? 0
    }

    /// Numbers are given in order from 1, and a set's has to fit into the upper half of its rows' numbers.
    private static func checked(_ id: Int64, _ what: String) throws -> Int64 {
        guard (0..<Int64(Int32.max)).contains(id) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the numbers of its \(what) are damaged")
        }
        return id
    }
}
