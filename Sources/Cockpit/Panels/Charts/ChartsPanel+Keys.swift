import Store

/// Choosing a chart, zooming, panning and smoothing.
extension ChartsPanel {
    func handle(_ action: ActionID, in state: inout AppState, area: Rect) {
        guard var run = state.run else { return }
        let rowLength = ChartGrid(area, count: run.metrics.count).columns
        let last = max(0, run.metrics.count - 1)
        func move(_ places: Int) { run.charts.selected = min(max(0, run.charts.selected + places), last) }
        switch action {
        case .left: move(-1)
        case .right: move(1)
        case .up: move(-rowLength)
        case .down: move(rowLength)
        case .pageUp: move(-rowLength * 2)
        case .pageDown: move(rowLength * 2)
        case .top: move(-last)
        case .bottom: move(last)
        case .zoomIn: run.charts.zoom = min(32, run.charts.zoom * 2)
        case .zoomOut:
            run.charts.zoom = max(1, run.charts.zoom / 2)
            // A wider window reaches further than the place it was panned to.
            run.charts.end = max(run.charts.end, 1 / Double(run.charts.zoom))
        case .fit: (run.charts.zoom, run.charts.end) = (1, 1)
        case .follow: run.charts.end = 1
        case .panLeft, .panRight:
            let share = 0.25 / Double(run.charts.zoom)
            let moved = run.charts.end + (action == .panLeft ? -share : share)
            run.charts.end = min(1, max(1 / Double(run.charts.zoom), moved))
        case .smoothMore: run.charts.smoothing = min(ChartsView.smoothings.count - 1, run.charts.smoothing + 1)
        case .smoothLess: run.charts.smoothing = max(0, run.charts.smoothing - 1)
        case .logarithmic: run.charts.isLogarithmic.toggle()
        case .enter: run.isZoomed.toggle()
        default: break
        }
        state.run = run
    }

    func click(at position: Point, area: Rect, in run: inout RunView) {
        let grid = ChartGrid(area, count: run.metrics.count)
        guard let box = grid.boxes.firstIndex(where: { $0.contains(position) }) else { return }
        let index = grid.page(of: run).lowerBound + box
        if index < run.metrics.count { run.charts.selected = index }
    }

    func filter(in run: RunView) -> String? { run.charts.filter }

    func setFilter(_ text: String, in run: inout RunView) {
        run.charts.filter = text
        run.charts.selected = 0
    }

    func selection(in run: RunView) -> String? {
        guard let key = run.metrics.dropFirst(run.charts.selected).first,
            let series = run.snapshot?.series.first(where: { $0.key == key })
        else { return nil }
        return "\(key) \(series.last) (step \(Format.step(series.lastStep)))"
    }
}
