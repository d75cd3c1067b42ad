import GRDB
import Protocol

extension MetricReader {
    /// A chunk of the series and what is shown of it.
    private struct Piece {
        let block: BlockHead
        let summary: ChunkSummary
        let coverage: Visibility.Coverage
    }

    /// A series over all its visible steps in `columns` columns; nil when there is no such series or no point of it.
    ///
    /// Only chunks that reach over the edge of a column, or of what is visible, are decoded; those with values that are
    /// not finite too, because their last finite step is known only from the values.
    func curve(of key: String, columns: Int) throws -> Curve? {
        guard let one = series.first(where: { $0.key == key }) else { return nil }
        let id = one.id
        let pieces = try pieces(of: id)
        try noteMissing(of: one)
        let tail = try places(of: id).flatMap { place in
            try self.tail(of: place.set).map { (row: $0, value: $0.values[place.column]) }
        }
        guard let range = try range(of: pieces, tail: tail.map(\.row.step)) else { return nil }
        var accumulator = ColumnAccumulator(first: range.lowerBound, last: range.upperBound, columns: columns)
        for piece in pieces { try add(piece, of: id, to: &accumulator) }
        for (row, value) in tail { accumulator.add(value, at: row.step, attempt: row.attempt) }
        return Curve(
            firstStep: Int(range.lowerBound), lastStep: Int(range.upperBound), columns: accumulator.reduced())
    }

    /// Visible points of a series after step `after`, each step once (the last attempt that ran it wins), in step order:
    /// about `limit` of them, and at least one where there is one.
    ///
    /// Chunks are taken in the order of their first steps, until enough rows lie before the next one's: no later chunk
    /// can have anything to say about those.
    func page(of key: String, after: Int64, limit: Int) throws -> (points: [MetricPoint], isLast: Bool) {
        guard let one = series.first(where: { $0.key == key }) else { return ([], true) }
        var rows = try tailRows(of: one.id, after: after)
        var lowest = rows.map(\.point.step).min() ?? .max
        var horizon = Int.max
        var taken = 0
        let pieces = try pieces(of: one.id).filter { $0.block.lastStep > after }
        try noteMissing(of: one)
        for piece in pieces.sorted(by: { $0.block.firstStep < $1.block.firstStep }) {
            if taken >= limit, lowest < Int(piece.block.firstStep) {
                horizon = Int(piece.block.firstStep)
                break
            }
            guard let axis = try axis(of: piece.block), let values = try values(of: one.id, in: piece.block) else {
                continue
            }
            for row in try visibleRows(of: piece.block) where axis.steps[row] > after {
                let point = MetricPoint(step: Int(axis.steps[row]), time: axis.times[row], value: values[row])
                rows.append((piece.block.attempt, point))
                lowest = min(lowest, point.step)
                taken += 1
            }
        }
        return (Self.eachStepOnce(rows.filter { $0.point.step < horizon }), horizon == .max)
    }

    private func tailRows(of id: Int64, after: Int64) throws -> [(attempt: Int64, point: MetricPoint)] {
        try places(of: id).flatMap { place in
            try tail(of: place.set).filter { $0.step > after }.map { row in
                (row.attempt, MetricPoint(step: Int(row.step), time: row.time, value: row.values[place.column]))
            }
        }
    }

    private static func eachStepOnce(_ rows: [(attempt: Int64, point: MetricPoint)]) -> [MetricPoint] {
        let ordered = rows.sorted {
            ($0.point.step, $0.attempt, $0.point.time) < ($1.point.step, $1.attempt, $1.point.time)
        }
        var points: [MetricPoint] = []
        points.reserveCapacity(ordered.count)
        for (_, point) in ordered {
            if points.last?.step == point.step { points.removeLast() }
            points.append(point)
        }
        return points
    }

    /// The chunks of a series of which something is shown, from the summary index alone: no page of values is touched.
    private func pieces(of id: Int64) throws -> [Piece] {
        let rows = try database.rows(
            """
            SELECT block, n, not_finite, lo, hi, sum, last, summary_crc FROM chunk INDEXED BY chunk_summary
            WHERE series = ? ORDER BY block
            """, [.integer(id)]
        ) { row in
            let summary = ChunkSummary(
                finite: row.int(1), notFinite: row.int(2), low: row.double(3), high: row.double(4), sum: row.double(5),
                last: row.double(6))
            return (block: row.int64(0), summary: summary, crc: row.int64(7))
        }
        let present = Set(rows.map(\.block))
        for block in places(of: id).flatMap({ blocks(of: $0.set) }) where !present.contains(block.id) {
            note("block \(block.id): the values of series \(id) are missing")
        }
        return rows.compactMap { row in
            // A block that is damaged as a whole is named once, by the directory.
            guard let block = blocks.heads[row.block] else { return nil }
            guard row.summary.checksum(series: id, block: row.block) == row.crc else {
                note("block \(row.block): the summary of series \(id) is damaged")
                return nil
            }
            let coverage = visibility.coverage(of: block)
            return coverage == .none ? nil : Piece(block: block, summary: row.summary, coverage: coverage)
        }
    }

    /// A damaged page can take rows away without a trace in those that are left; their number tells.
    private func noteMissing(of one: SeriesRecord) throws {
        guard visibility.showsEverything else { return }
        let found = try places(of: one.id).reduce(0) { count, place in
            try blocks(of: place.set).reduce(count) { $0 + $1.count } + tail(of: place.set).count
        }
        if found != one.count { note("series \(one.id): \(one.count) values were stored, \(found) are there") }
    }

    private func range(of pieces: [Piece], tail: [Int64]) throws -> ClosedRange<Int64>? {
        var low = tail.min() ?? .max
        var high = tail.max() ?? .min
        for piece in pieces {
            if piece.coverage == .all {
                low = min(low, piece.block.firstStep)
                high = max(high, piece.block.lastStep)
            } else if let axis = try axis(of: piece.block) {
                for row in try visibleRows(of: piece.block) {
                    low = min(low, axis.steps[row])
                    high = max(high, axis.steps[row])
                }
            }
        }
        return low <= high && low >= 0 ? low...high : nil
    }

    private func add(_ piece: Piece, of id: Int64, to accumulator: inout ColumnAccumulator) throws {
        let block = piece.block
        if piece.coverage == .all, piece.summary.notFinite == 0, let column = accumulator.column(of: block.firstStep),
            column == accumulator.column(of: block.lastStep)
        {
            accumulator.add(piece.summary, column: column, lastStep: block.lastStep, attempt: block.attempt)
            return
        }
        guard let values = try values(of: id, in: block) else { return }
        if piece.coverage == .all, let steps = AxisCodec.decodeSteps(block.steps, count: block.count) {
            for (step, value) in zip(steps, values) { accumulator.add(value, at: step, attempt: block.attempt) }
            return
        }
        guard let axis = try axis(of: block) else { return }
        for row in try visibleRows(of: block) {
            accumulator.add(values[row], at: axis.steps[row], attempt: block.attempt)
        }
    }
}
