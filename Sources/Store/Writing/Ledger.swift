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

    struct Series {
        let id: Int64
        let key: String
        var count: Int64
        var attempt: Int64
        var step: Int64
        var time: Int64
        var last: Double
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
    var series: [Series] = []
    var seriesIndex: [String: Int] = [:]
    var sets: [ColumnSet] = []
    var setIndex: [[String]: Int] = [:]
    var workers: [String: WorkerRow] = [:]
    var status = TrialStatus.pending
    var statusDetail = ""
    var attempt = 0
    var endTime: Int64 = 0

    /// Reads the committed state.
    static func load(_ database: Database) throws -> Ledger {
        let ledger = Ledger()
        try ledger.loadRun(database)
        try ledger.loadSeries(database)
        try ledger.loadSets(database)
        return ledger
    }

    private func loadRun(_ database: Database) throws {
        _ = try database.first("SELECT status, status_detail, end_time FROM run") { row in
            status = TrialStatus(rawValue: row.text(0)) ?? .failed
            statusDetail = row.text(1)
            endTime = row.int64(2)
        }
        attempt = try database.first("SELECT MAX(number) FROM attempt") { $0.int(0) } ?? 0
        let sources = try database.rows("SELECT name, epoch, seq FROM source") { row in
            (SourceKey(name: row.text(0), epoch: UInt64(bitPattern: row.int64(1))), UInt64(bitPattern: row.int64(2)))
        }
        for (key, seq) in sources { sequences[key] = seq }
        for worker in try database.rows(WorkerQueries.current, [], WorkerQueries.row) { workers[worker.id] = worker }
    }

    private func loadSeries(_ database: Database) throws {
        series = try database.rows(
            "SELECT id, key, n, last_attempt, last_step, last_time, last FROM series ORDER BY id"
        ) { row in
            Series(
                id: row.int64(0), key: row.text(1), count: row.int64(2), attempt: row.int64(3), step: row.int64(4),
                time: row.int64(5), last: row.double(6))
        }
        for (index, one) in series.enumerated() { seriesIndex[one.key] = index }
    }

    private func loadSets(_ database: Database) throws {
        let byID = Dictionary(series.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        let stored = try database.rows("SELECT id, series FROM column_set ORDER BY id") { ($0.int64(0), $0.text(1)) }
        for (id, text) in stored {
            let members = SeriesList.parse(text).compactMap { byID[$0] }
            var set = ColumnSet(id: id, series: members, tailCount: 0, nextTail: 0)
            _ = try database.first(
                "SELECT COUNT(*), MAX(id) FROM tail WHERE id BETWEEN ? AND ?",
                [.integer(set.tailRange.lowerBound), .integer(set.tailRange.upperBound)]
            ) { row in
                set.tailCount = row.int(0)
                set.nextTail = row.isNull(1) ? 0 : row.int64(1) - set.tailRange.lowerBound + 1
            }
            setIndex[members.map { series[$0].key }] = sets.count
            sets.append(set)
        }
    }
}

/// The members of a column set as stored: a JSON list of series ids, which SQL can take apart with `json_each`.
enum SeriesList {
    static func text(_ ids: [Int64]) -> String { "[\(ids.map { "\($0)" }.joined(separator: ","))]" }

    /// The ids, or as many as make sense: the row's checksum tells whether that is all.
    static func parse(_ text: String) -> [Int64] {
        text.dropFirst().dropLast().split(separator: ",").compactMap { Int64($0) }
    }
}
