import GRDB
import Protocol

/// Reads series within one read transaction: from summaries where a chunk falls into one column, from values elsewhere.
///
/// What fails its checksum is left out and named in `damage`.
final class MetricReader {
    struct Axis {
        let steps: [Int64]
        let times: [Int64]
    }

    let database: Database
    let visibility: Visibility
    let blocks: BlockDirectory
    private(set) var damage: [String]
    /// Members of each column set.
    let sets: [Int64: [Int64]]
    let series: [SeriesRecord]
    private var axes: [Int64: Axis?] = [:]
    private var tails: [Int64: [TailRow]]?

    init(_ database: Database, visibility: Visibility, blocks: BlockDirectory) throws {
        self.database = database
        self.visibility = visibility
        self.blocks = blocks
        var damage = blocks.damaged.map { "block \($0): its steps and times are damaged" }
        var sets: [Int64: [Int64]] = [:]
        let stored = try database.rows("SELECT id, series, crc FROM column_set") {
            ($0.int64(0), $0.text(1), $0.int64(2))
        }
        for (id, text, crc) in stored {
            if Checksum.columnSet(id: id, series: text) == crc {
                sets[id] = SeriesList.parse(text)
            } else {
                damage.append("column set \(id): its list of series is damaged")
            }
        }
        let rows = try database.rows(SeriesQueries.all, [], SeriesQueries.row)
        for (series, isSound) in rows where !isSound { damage.append("series \(series.id): its row is damaged") }
        let present = Set(rows.map(\.series.id))
        for id in Set(sets.values.joined()).subtracting(present).sorted() {
            damage.append("series \(id): its row is missing")
        }
        series = rows.filter(\.isSound).map(\.series)
        self.sets = sets
        self.damage = damage
    }

    /// The sets a series is part of, and its column there.
    func places(of series: Int64) -> [(set: Int64, column: Int)] { placesBySeries[series] ?? [] }

    /// Made once: looking through all sets for each of thousands of series would take minutes.
    private lazy var placesBySeries: [Int64: [(set: Int64, column: Int)]] = {
        var places: [Int64: [(set: Int64, column: Int)]] = [:]
        for (set, members) in sets.sorted(by: { $0.key < $1.key }) {
            for (column, series) in members.enumerated() where places[series]?.last?.set != set {
                places[series, default: []].append((set, column))
            }
        }
        return places
    }()

    /// Rows of a set's tail that are shown.
    func tail(of set: Int64) throws -> [TailRow] {
        if tails == nil { tails = try loadTails() }
        return tails?[set] ?? []
    }

    private func loadTails() throws -> [Int64: [TailRow]] {
        var loaded: [Int64: [TailRow]] = [:]
        var unsound = 0
        for row in try database.rows(TailQueries.all, [], TailQueries.row) {
            guard row.isSound, row.values.count == sets[row.columnSet]?.count else {
                unsound += 1
                continue
            }
            if visibility.shows(attempt: row.attempt, step: row.step, time: row.time) {
                loaded[row.columnSet, default: []].append(row)
            }
        }
        if unsound > 0 { damage.append("\(unsound) of the newest metric rows are damaged") }
        return loaded
    }

    /// Blocks of a set of which something is shown.
    func blocks(of set: Int64) -> [BlockHead] {
        blocks.order.compactMap { blocks.heads[$0] }.filter {
            $0.columnSet == set && visibility.coverage(of: $0) != .none
        }
    }

    /// The steps and times of a block's rows, or nil when they are damaged.
    func axis(of block: BlockHead) throws -> Axis? {
        if let known = axes[block.id] { return known }
        let steps = AxisCodec.decodeSteps(block.steps, count: block.count)
        let times = try BlockQueries.times(of: block, in: database)
        let axis = steps.flatMap { steps in times.map { Axis(steps: steps, times: $0) } }
        if axis == nil { damage.append("block \(block.id): its steps and times are damaged") }
        axes[block.id] = axis
        return axis
    }

    /// Which rows of a block are shown; empty when its steps and times are damaged.
    func visibleRows(of block: BlockHead) throws -> [Int] {
        switch visibility.coverage(of: block) {
        case .none: return []
        case .all: return Array(0..<block.count)
        case .some:
            guard let axis = try axis(of: block) else { return [] }
            return (0..<block.count).filter {
                visibility.shows(attempt: block.attempt, step: axis.steps[$0], time: axis.times[$0])
            }
        }
    }

    /// The values of a series in a block, or nil when they are damaged.
    func values(of series: Int64, in block: BlockHead) throws -> [Double]? {
        let values = try database.first(
            "SELECT blob, crc FROM chunk WHERE series = ? AND block = ?", [.integer(series), .integer(block.id)]
        ) { row in
            row.withBytes(0) { blob -> [Double]? in
                guard Checksum.chunk(series: series, block: block.id, blob: blob) == row.int64(1) else { return nil }
                return ColumnCodec.decode(blob, count: block.count)
            }
        }
        if let values = values ?? nil { return values }
        note("block \(block.id): the values of series \(series) are damaged")
        return nil
    }

    func note(_ what: String) {
        if !damage.contains(what) { damage.append(what) }
    }
}
