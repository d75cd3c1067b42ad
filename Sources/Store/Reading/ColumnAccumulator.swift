/// Gathers values and chunk summaries into the columns of one chart.
struct ColumnAccumulator {
    private struct Column {
        var finite = 0
        var notFinite = 0
        var low = 0.0
        var high = 0.0
        var sum = 0.0
        var last = 0.0
        // Where `last` stands: pieces may come out of order.
        var lastAttempt = Int64.min
        var lastStep = Int64.min
    }

    let first: Int64
    let last: Int64
    private var columns: [Column]

    /// - Parameter columns: at least 1.
    init(first: Int64, last: Int64, columns: Int) {
        self.first = first
        self.last = max(first, last)
        self.columns = [Column](repeating: Column(), count: max(1, columns))
    }

    /// The column of a place on the axis, or nil when it lies outside.
    func column(of place: Int64) -> Int? {
        guard (first...last).contains(place) else { return nil }
        let offset = UInt64(place - first).multipliedFullWidth(by: UInt64(columns.count))
        // The offset is less than the span, so the quotient is less than the number of columns.
        return Int((UInt64(last - first) + 1).dividingFullWidth(offset).quotient)
    }

    mutating func add(_ value: Double, at step: Int64, attempt: Int64) {
        guard let index = column(of: step) else { return }
        guard value.isFinite else {
            columns[index].notFinite += 1
            return
        }
        let one = ChunkSummary(finite: 1, notFinite: 0, low: value, high: value, sum: value, last: value)
        add(one, column: index, lastStep: step, attempt: attempt)
    }

    /// Adds a chunk whose steps all fall into `column`.
    mutating func add(_ chunk: ChunkSummary, column index: Int, lastStep: Int64, attempt: Int64) {
        columns[index].notFinite += chunk.notFinite
        guard chunk.finite > 0 else { return }
        let isFirst = columns[index].finite == 0
        columns[index].low = isFirst ? chunk.low : min(columns[index].low, chunk.low)
        columns[index].high = isFirst ? chunk.high : max(columns[index].high, chunk.high)
        columns[index].sum += chunk.sum
        columns[index].finite += chunk.finite
        guard (attempt, lastStep) >= (columns[index].lastAttempt, columns[index].lastStep) else { return }
        columns[index].last = chunk.last
        columns[index].lastAttempt = attempt
        columns[index].lastStep = lastStep
    }

    func reduced() -> [ReducedColumn] {
        columns.map { column in
            ReducedColumn(
                count: column.finite, low: column.low, high: column.high,
                mean: Self.mean(of: column), last: column.last, nonFinite: column.notFinite)
        }
    }

    /// A mean lies among its values: a sum that overflowed, or was rounded past the edge, must not take it elsewhere.
    private static func mean(of column: Column) -> Double {
        guard column.finite > 0 else { return 0 }
        guard column.sum.isFinite else { return column.low / 2 + column.high / 2 }
        return min(max(column.sum / Double(column.finite), column.low), column.high)
    }
}
