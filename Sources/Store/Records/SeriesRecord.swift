import GRDB
import Protocol

/// What `series` says of one of a run's curves: its name, how many values it has and the newest of them.
struct SeriesRecord {
    let id: Int64
    let key: String
    var count: Int64
    var attempt: Int64
    var step: Int64
    var time: Int64
    var last: Double
}

extension Checksum {
    static func series(_ one: SeriesRecord) -> Int64 {
        var crc = CRC32()
        crc.add(one.id)
        crc.add(one.key)
        for number in [one.count, one.attempt, one.step, one.time] { crc.add(number) }
        // SQLite keeps neither the sign of a zero nor the payload of a NaN in this column.
        crc.add(one.last.isNaN ? .nan : one.last + 0)
        return Int64(crc.value)
    }
}

/// How the rows of `series` are read.
enum SeriesQueries {
    private static let columns = "SELECT id, key, n, last_attempt, last_step, last_time, last, crc FROM series"
    static let all = "\(columns) ORDER BY key"
    static let byID = "\(columns) ORDER BY id"

    static func row(_ row: SQLStatement) -> (series: SeriesRecord, isSound: Bool) {
        let series = SeriesRecord(
            id: row.int64(0), key: row.text(1), count: row.int64(2), attempt: row.int64(3), step: row.int64(4),
            time: row.int64(5), last: row.double(6))
        return (series, Checksum.series(series) == row.int64(7))
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
