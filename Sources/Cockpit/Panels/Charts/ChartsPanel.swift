import Protocol
import Store

/// The metrics that tell most about the run, one chart each; the dashboard lays out several side by side.
struct ChartsPanel: Panel {
    let traits = PanelTraits(id: .charts, placement: .body, scope: .charts, minimum: Size(width: 12, height: 2))

    func title(_ context: PanelContext) -> String { "Metrics" }
    /// Used where the place is too small for a row of charts: the selected one alone.
    func render(in surface: inout Surface, area: Rect, context: PanelContext) {
        guard let key = context.run.metrics.dropFirst(context.run.charts.selected).first else {
            surface.write("no metric yet", x: area.x + 1, y: area.y, role: .dim)
            return
        }
        MetricChart(key: key, index: 0, context: context).render(in: &surface, area: area)
    }

    func draw(in surface: inout Surface, area: Rect, context: PanelContext, focus: FocusState) {
        let grid = ChartGrid(area, count: context.run.metrics.count)
        draw(in: &surface, boxes: grid.boxes, page: grid.page(of: context.run), context: context, focus: focus)
    }

    /// Draws one box per chart; the selected one carries the focus.
    func draw(in surface: inout Surface, boxes: [Rect], page: Range<Int>, context: PanelContext, focus: FocusState) {
        let metrics = context.run.metrics
        for (place, box) in boxes.enumerated() {
            let index = page.lowerBound + place
            guard index < metrics.count else {
                if place == 0 { emptyBox(in: &surface, box: box, focus: focus, context: context) }
                continue
            }
            let chart = MetricChart(key: metrics[index], index: index, context: context)
            let isSelected = index == min(context.run.charts.selected, metrics.count - 1)
            let inside = surface.box(
                box, title: chart.title(among: metrics, width: box.width), trailing: chart.lastValue,
                focus: focus == .focused && isSelected ? .focused : .unfocused)
            surface.clipped(to: inside) { chart.render(in: &$0, area: inside) }
        }
    }

    private func emptyBox(in surface: inout Surface, box: Rect, focus: FocusState, context: PanelContext) {
        let inside = surface.box(box, title: "Metrics", focus: focus)
        let text = context.run.charts.filter.isEmpty ? "no metric yet" : "no metric matches; esc clears the filter"
        surface.write(text, x: inside.x + 1, y: inside.y, role: .dim, maxWidth: inside.width - 1)
    }
}

/// One curve with its smoothed line over the raw range.
struct MetricChart {
    let key: String
    let index: Int
    let context: PanelContext

    private var view: ChartsView { context.run.charts }
    /// An average over a handful of points would only draw them late.
    private var weight: Double { (series?.count ?? 0) < Self.leastSmoothed ? 0 : view.weight }
    private static let leastSmoothed = 40
    private var series: SeriesRow? { context.snapshot.series.first { $0.key == key } }

    /// The name, with its first parts where there is room for them beside the last value, and how it is smoothed.
    /// - Parameter width: of the box.
    func title(among keys: [String], width: Int) -> String {
        let weight = weight > 0 ? " ema \(Self.weightLabel(weight))" : ""
        let way = weight + (view.isLogarithmic ? " log" : "")
        // What the border takes with a text at either side.
        let room = width - 9 - lastValue.cellWidth - way.cellWidth
        return SeriesName.fitted(key, among: keys, to: room) + way
    }

    var lastValue: String { series.map { ShortNumber.text($0.last) } ?? "" }

    func render(in surface: inout Surface, area: Rect) {
        guard let curve = context.snapshot.curves[key], !curve.columns.isEmpty else {
            surface.write(series == nil ? "" : "reading…", x: area.x + 1, y: area.y, role: .dim)
            return
        }
        let shown = Self.shown(of: curve, zoom: view.zoom, end: view.end)
        let columns = curve.columns[shown]
        let role = Role.series(index)
        var lines = [LineChart.Series(columns: Smoothing.debiased(columns, weight: weight), role: role)]
        if weight > 0 || columns.contains(where: { $0.high > $0.low }) {
            let raw = Smoothing.raw(columns)
            lines.insert(LineChart.Series(columns: raw, role: role, shape: .band), at: 0)
        }
        LineChart(
            series: lines, x: Self.steps(of: curve, shown: shown), xName: "step",
            scale: view.isLogarithmic && hasPositive(columns) ? .logarithmic : .linear
        ).render(in: &surface, area: area)
    }

    /// The columns inside the window of the charts.
    static func shown(of curve: Curve, zoom: Int, end: Double) -> Range<Int> {
        let count = curve.columns.count
        let length = max(2, count / max(1, zoom))
        let last = min(count, max(min(length, count), Int((end * Double(count)).rounded())))
        return max(0, last - length)..<last
    }

    /// The steps at the ends of the shown columns.
    private static func steps(of curve: Curve, shown: Range<Int>) -> ClosedRange<Double> {
        let span = Double(max(1, curve.lastStep - curve.firstStep))
        let count = Double(max(1, curve.columns.count))
        let first = Double(curve.firstStep) + span * Double(shown.lowerBound) / count
        let last = Double(curve.firstStep) + span * Double(shown.upperBound) / count
        return first.rounded()...max(first.rounded() + 1, last.rounded())
    }

    private func hasPositive(_ columns: ArraySlice<ReducedColumn>) -> Bool {
        columns.contains { $0.count > 0 && $0.mean > 0 }
    }

    private static func weightLabel(_ weight: Double) -> String {
        String(ShortNumber.fixed(weight, decimals: weight > 0.9 ? 2 : 1).dropFirst())
    }
}

extension PaneID {
    static let charts = PaneID("charts")
}
