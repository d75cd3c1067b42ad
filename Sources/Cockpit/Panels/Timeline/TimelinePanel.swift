import Protocol
import Store

/// Which model function call runs where: a lane each, the newest at the right.
struct TimelinePanel: Panel {
    let id = PaneID.timeline
    let minimum = Size(width: 30, height: 2)

    func title(_ context: PanelContext) -> String {
        let lanes = TimelineLanes.lanes(of: context.snapshot)
        let steps = TimelineLanes.stepStarts(lanes)
        guard let first = steps.first?.step, let last = steps.last?.step else { return "MFC timeline" }
        let range = first == last ? "step \(last)" : "step \(first)–\(last)"
        return context.glyphs.repertoire == .unicode ? "MFC timeline  \(range)" : "MFC timeline"
    }

    func trailing(_ context: PanelContext) -> String {
        let view = context.run.timeline
        let length = Format.duration(view.window(at: context.snapshot.time))
        let pan = view.offset > 0 ? "  −\(Format.duration(view.offset))" : ""
        return "\(view.isWhole ? "whole run" : length)\(pan)  3 full"
    }

    func render(in surface: inout Surface, area: Rect, context: PanelContext) {
        let lanes = TimelineLanes.lanes(of: context.snapshot)
        let hasLegend = area.width >= 70 && area.height >= lanes.count + 2
        let (chart, legend) = area.splitBottom(hasLegend ? 1 : 0)
        let picture = TimelinePicture(context: context, lanes: lanes, width: chart.width, detail: .compact)
        var gantt = picture.gantt
        gantt.firstLane = ScrollWindow.first(
            previous: 0, selection: picture.selectedRow, count: gantt.lanes.count, height: chart.height - 1)
        gantt.render(in: &surface, area: chart)
        if hasLegend { GanttLegend().render(in: &surface, area: legend) }
    }
}
