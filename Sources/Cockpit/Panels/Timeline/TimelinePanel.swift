import Protocol
import Store

/// Which model function call runs where: a lane each, the newest at the right.
struct TimelinePanel: Panel {
    let traits = PanelTraits(
        id: .timeline, placement: .top, scope: .timeline, minimum: Size(width: 30, height: 2), screen: .timeline)

    func title(_ context: PanelContext) -> String {
        let lanes = TimelineLanes.lanes(of: context.snapshot)
        let window = TimelineLanes.window(context.run.timeline, time: context.snapshot.time)
        let steps = TimelineLanes.stepStarts(lanes).filter { window.contains($0.time) }
        guard let first = steps.first.map({ Format.step($0.step) }), let last = steps.last.map({ Format.step($0.step) })
        else { return "MFC timeline" }
        let dash = context.glyphs.repertoire == .unicode ? "–" : "-"
        return "MFC timeline  \(first == last ? "step \(last)" : "steps \(first)\(dash)\(last)")"
    }

    func trailing(_ context: PanelContext) -> String {
        let view = context.run.timeline
        let extent = TimelineLanes.extent(view, time: context.snapshot.time)
        let pan = view.offset > 0 ? "  −\(Format.duration(view.offset))" : ""
        return "\(extent)\(pan)\(Self.cut(context))"
    }

    /// Since when spans of the window are there, and counted as busy; empty where all are.
    static func cut(_ context: PanelContext) -> String {
        guard let since = context.snapshot.cuts.spansBefore else { return "" }
        return "  calls since \(context.clock(at: since)) only"
    }

    /// The lanes that are always there: the plan's calls and the events. Another one that comes into the window takes
    /// the legend's row or is scrolled to: what lies below the pane stays in its place.
    static func rows(of run: RunView) -> Int {
        guard let header = run.snapshot?.header else { return 4 }
        return 1 + (header.lanes.isEmpty ? header.workers.count : header.lanes.count)
    }

    func render(in surface: inout Surface, area: Rect, context: PanelContext) {
        let lanes = TimelineLanes.lanes(of: context.snapshot)
        let picture = TimelinePicture(context: context, lanes: lanes, width: area.width, detail: .compact)
        var gantt = picture.gantt
        let hasLegend = area.width >= 70 && area.height > gantt.height
        let (chart, legend) = area.splitBottom(hasLegend ? 1 : 0)
        if context.run.isZoomed { gantt.grow(into: chart.height, tallest: 5) }
        gantt.firstLane = ScrollWindow.first(
            previous: 0, selection: picture.selectedRow, count: gantt.lanes.count, height: chart.height - 1)
        gantt.render(in: &surface, area: chart)
        if hasLegend { GanttLegend().render(in: &surface, area: legend) }
    }
}

extension PaneID {
    static let timeline = PaneID("timeline")
}
