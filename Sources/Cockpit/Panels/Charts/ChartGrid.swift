/// Where the charts lie side by side in their panel, and which of them are in sight.
struct ChartGrid: Equatable, Sendable {
    /// Charts side by side.
    let columns: Int
    /// One box a chart, row by row.
    let boxes: [Rect]

    /// - Parameter count: charts there are; few of them are drawn large.
    init(_ area: Rect, count: Int) {
        let most = min(max(1, area.width / 36), 6), mostRows = max(1, area.height / 8)
        let rowCount = min(mostRows, max(1, (count + most - 1) / most))
        columns = min(most, max(1, (count + rowCount - 1) / rowCount))
        let width = columns
        let rows = area.rows((0..<rowCount).map { _ in .minimum(4) })
        boxes = area.isEmpty ? [] : rows.flatMap { $0.columns((0..<width).map { _ in .minimum(10) }) }
    }

    /// The metrics on the page that the selected one is on.
    func page(of run: RunView) -> Range<Int> {
        let count = run.metrics.count
        let length = max(1, boxes.count)
        let first = min(max(0, run.charts.selected), max(0, count - 1)) / length * length
        return first..<max(first, min(count, first + length))
    }
}
