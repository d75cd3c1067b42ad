import GRDB
import Protocol

/// The hot path: one packed row a step, whatever the number of series.
extension Appender {
    private static let longestName = 256
    private static let largestSet = 4096
    private static let mostSeries = 20_000

    /// Appends the rows of a block; - Returns: how many made no sense.
    func append(_ block: WireMetricBlock, attempt: Int64) throws -> Int {
        guard !block.rows.isEmpty else { return 0 }
        guard let set = try columnSet(block.names) else { return block.rows.count }
        let insert = try database.statement(
            "INSERT INTO tail (id, attempt, step, time, packed, crc) VALUES (?, ?, ?, ?, ?, ?)")
        var malformed = 0
        for row in block.rows {
            guard row.values.count == block.names.count, row.step <= UInt64(BlockLimits.largestNumber) else {
                malformed += 1
                continue
            }
            let one = Ledger.Row(attempt: attempt, step: Int64(row.step), time: noted(row.timeNs), values: row.values)
            try insertTail(one, set: set, by: insert)
        }
        return malformed
    }

    private func insertTail(_ row: Ledger.Row, set: Int, by insert: SQLStatement) throws {
        let id = ledger.sets[set].tailRange.lowerBound + ledger.sets[set].nextTail
        // A double's bytes in memory are the packed form on every machine this runs on: little-endian.
        try row.values.withUnsafeBytes { packed in
            insert.bind(1, id)
            insert.bind(2, row.attempt)
            insert.bind(3, row.step)
            insert.bind(4, row.time)
            insert.bindBorrowed(5, packed)
            let crc = Checksum.tail(id: id, attempt: row.attempt, step: row.step, time: row.time, packed: packed)
            insert.bind(6, crc)
            try insert.run()
        }
        ledger.sets[set].nextTail += 1
        ledger.sets[set].tailCount += 1
        ledger.sets[set].newRows += 1
        let isNewest = ledger.sets[set].newest.map { (row.attempt, row.step) >= ($0.attempt, $0.step) } ?? true
        if isNewest { ledger.sets[set].newest = row }
        if ledger.sets[set].tailCount >= BlockLimits.rows { try seal(set) }
    }

    /// Seals the tail of a set into a block.
    func seal(_ set: Int) throws {
        let ids = ledger.sets[set].series.map { ledger.series[$0].id }
        let damaged = try TailSealer(database: database).seal(ledger.sets[set], seriesIDs: ids)
        ledger.sets[set].tailCount = 0
        ledger.sets[set].nextTail = 0
        guard damaged > 0 else { return }
        try log(
            .error, "\(damaged) metric rows were damaged on disk", worker: "orchestrator", time: ledger.state.endTime)
    }

    /// The set of exactly these names in this order, made when it is new; nil when the names make no sense.
    private func columnSet(_ names: [String]) throws -> Int? {
        if let known = ledger.setIndex[names] { return known }
        guard (1...Self.largestSet).contains(names.count), Set(names).count == names.count,
            names.allSatisfy({ !$0.isEmpty && $0.utf8.count <= Self.longestName }),
            ledger.series.count + names.count(where: { ledger.seriesIndex[$0] == nil }) <= Self.mostSeries
        else { return nil }
        let members = try names.map { try series($0) }
        let id = ledger.lastSet + 1
        let text = SeriesList.text(members.map { ledger.series[$0].id })
        // A row that stands in the way is a damaged one: the ledger knows every other.
        try database.run(
            "INSERT OR REPLACE INTO column_set (id, series, crc) VALUES (?, ?, ?)",
            [.integer(id), .text(text), .integer(Checksum.columnSet(id: id, series: text))])
        ledger.lastSet = id
        ledger.setIndex[names] = ledger.sets.count
        ledger.sets.append(Ledger.ColumnSet(id: id, series: members, tailCount: 0, nextTail: 0))
        return ledger.sets.count - 1
    }

    private func series(_ key: String) throws -> Int {
        if let known = ledger.seriesIndex[key] { return known }
        let one = SeriesRecord(
            id: ledger.lastSeries + 1, key: key, count: 0, attempt: 0, step: 0, time: 0, last: 0)
        try database.run(
            "INSERT INTO series (id, key, n, last_attempt, last_step, last_time, last, crc) VALUES (?, ?, 0, 0, 0, 0, 0, ?)",
            [.integer(one.id), .text(key), .integer(Checksum.series(one))])
        ledger.lastSeries = one.id
        ledger.seriesIndex[key] = ledger.series.count
        ledger.series.append(one)
        return ledger.series.count - 1
    }
}
