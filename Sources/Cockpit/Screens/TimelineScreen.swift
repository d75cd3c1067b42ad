import Protocol
import Store

/// The timeline over the whole screen, with the selected span and its step explained below.
struct TimelineScreen {
    let state: AppState
    let now: Int64

    func render(in surface: inout Surface) {
        guard let run = state.run else { return }
        let layout = DashboardLayout(state: state)
        HeaderLine.of(run, screen: "Timeline", state: state, glyphs: surface.glyphs).render(
            in: &surface, area: layout.header)
        FooterLine(state: state).render(in: &surface, area: layout.footer)
        if let alerts = layout.alerts { AlertsLine(alerts: Alerts.of(run)).render(in: &surface, area: alerts) }
        guard let snapshot = run.snapshot else { return RunScreen.renderWaiting(run, in: &surface) }
        if let banner = layout.banner { FailureBanner.lines(of: run)?.render(in: &surface, area: banner) }
        var focused = run
        focused.focus = .timeline
        let context = PanelContext(run: focused, snapshot: snapshot, utcOffset: state.utcOffset, glyphs: surface.glyphs)
        let lanes = TimelineLanes.lanes(of: snapshot)
        if let area = layout.panes[.timeline] { renderChart(in: &surface, area: area, context: context, lanes: lanes) }
        if let area = layout.meters { renderDetails(in: &surface, area: area, context: context, lanes: lanes) }
        if let transport = layout.transport {
            TransportBar(run: run, snapshot: snapshot, now: now, utcOffset: state.utcOffset)
                .render(in: &surface, area: transport)
        }
    }

    private func renderChart(
        in surface: inout Surface, area: Rect, context: PanelContext, lanes: [TimelineLanes.Lane]
    ) {
        let view = context.run.timeline
        let window = TimelineLanes.window(view, time: context.snapshot.time)
        let length = window.upperBound - window.lowerBound
        let column = Format.preciseDuration(length / Int64(max(1, area.width - 24)))
        let zoom = (view.isWhole ? "" : "window ") + TimelineLanes.extent(view, time: context.snapshot.time)
        let pan = view.offset > 0 ? "  \(Format.duration(view.offset)) before the newest" : ""
        let inside = surface.box(
            area, title: TimelinePanel().title(context),
            trailing: "\(zoom)\(pan)  1 col = \(column)\(TimelinePanel.cut(context))", focus: .focused)
        let (chart, legend) = inside.splitBottom(inside.height >= 10 ? 1 : 0)
        let picture = TimelinePicture(context: context, lanes: lanes, width: chart.width, detail: .full)
        var gantt = picture.gantt
        // On a large screen the lanes have a share of their own, so that the steps below stay while lanes come and go.
        let share = chart.height >= Self.largeChart ? chart.height * 3 / 5 : 0
        gantt.grow(into: share, tallest: 5)
        gantt.firstLane = ScrollWindow.first(
            previous: 0, selection: picture.selectedRow, count: gantt.lanes.count, height: chart.height - 1)
        let (top, steps) = chart.splitTop(min(chart.height, max(share, gantt.height) + 1))
        gantt.render(in: &surface, area: top)
        StepList(lanes: lanes, time: context.snapshot.time, window: gantt.window).render(in: &surface, area: steps)
        if !legend.isEmpty { GanttLegend().render(in: &surface, area: legend) }
    }

    private static let largeChart = 30

    private func renderDetails(
        in surface: inout Surface, area: Rect, context: PanelContext, lanes: [TimelineLanes.Lane]
    ) {
        let parts = area.columns([.fraction(0.5), .fraction(0.5)])
        let span = context.snapshot.spans.first { $0.id == context.run.timeline.span }
        let left = surface.box(
            parts[0], title: span.map { "span \($0.mfc.isEmpty ? $0.interfaceType : $0.mfc)" } ?? "span")
        Paragraph(lines: span.map { SpanDetails.lines($0, context: context) } ?? SpanDetails.hint)
            .render(in: &surface, area: left.inset(horizontal: 1, vertical: 0))
        let step = span?.step ?? context.snapshot.step
        let right = surface.box(parts[1], title: "step \(Format.step(step))")
        let share = StepShares(step: step, lanes: lanes, time: context.snapshot.time)
        share.render(in: &surface, area: right.inset(horizontal: 1, vertical: 0))
    }
}

/// What the selected span was, in words.
enum SpanDetails {
    static let hint = [
        TextLine("h l", .key).appending(" select a span   ", .dim).appending("j k", .key).appending(
            " another lane", .dim),
        TextLine("+ -", .key).appending(" zoom   ", .dim).appending("H L", .key).appending(" pan   ", .dim)
            .appending("0", .key).appending(" the whole run", .dim),
    ]

    static func lines(_ span: SpanRow, context: PanelContext) -> [TextLine] {
        let duration = span.end.map { Format.preciseDuration($0 - span.start) } ?? "still running"
        let milliseconds = context.wall(at: span.start) / 1_000_000 % 1000
        let start = "\(context.clock(at: span.start)).\(String(milliseconds + 1000).dropFirst())"
        return [
            line([("", span.worker), ("", span.interfaceType), ("role ", span.role), ("phase ", span.phase)]),
            line([("start ", start), ("took ", duration)]),
            line([
                ("in ", "\(ShortNumber.grouped(span.sequences)) seqs"),
                ("", "\(ShortNumber.grouped(span.tokens)) tokens"),
                ("", rate(span)),
            ]),
            line([
                ("weight version ", "\(span.weightVersion)"), ("step ", Format.step(span.step)),
                ("attempt ", "\(span.attempt)"),
            ]),
        ]
    }

    private static func rate(_ span: SpanRow) -> String {
        guard let end = span.end, end > span.start, span.tokens > 0 else { return "" }
        return "\(ShortNumber.text(Double(span.tokens) / (Double(end - span.start) / 1e9))) tok/s"
    }

    private static func line(_ pairs: [(name: String, value: String)]) -> TextLine {
        pairs.filter { !$0.value.isEmpty }.reduce(TextLine()) { line, pair in
            line.appending(line.runs.isEmpty ? "" : "   ").appending(pair.name, .dim).appending(pair.value)
        }
    }
}

/// Where the time of one step went.
struct StepShares {
    private var parts: [(kind: SpanKind, name: String, share: Double)] = []
    private var duration: Int64 = 0
    private var bubbles: [(worker: String, share: Double)] = []

    init(step: Int, lanes: [TimelineLanes.Lane], time: Int64) {
        let spans = lanes.flatMap(\.spans).filter { $0.step == step }
        guard let start = spans.map(\.start).min(), let end = spans.map({ $0.end ?? time }).max(), end > start else {
            return
        }
        duration = end - start
        let names: [(SpanKind, String)] = [
            (.generate, "gen"), (.inference, "inf"), (.train, "train"), (.sync, "sync"), (.save, "save"),
            (.evaluate, "eval"),
        ]
        for (kind, name) in names {
            let own = spans.filter { TimelineLanes.kind(of: $0) == kind }
            let share = TimelineLanes.busy(own, window: start...end, now: time)
            if share > 0 { parts.append((kind, name, share)) }
        }
        let busy = TimelineLanes.busy(spans, window: start...end, now: time)
        if busy < 0.995 { parts.append((.waitPeer, "wait", 1 - busy)) }
        for worker in Set(lanes.map(\.worker)).sorted() {
            let own = spans.filter { $0.worker == worker }
            bubbles.append((worker, 1 - TimelineLanes.busy(own, window: start...end, now: time)))
        }
    }

    /// Whether the step has a span at all.
    var isEmpty: Bool { duration == 0 }
    /// Nanoseconds from its first span to its last.
    var length: Int64 { duration }

    /// The parts as one bar; `longest` fills the width.
    func renderBar(in surface: inout Surface, area: Rect, longest: Int64) {
        StackedBar(
            segments: parts.map {
                let glyph = $0.kind == .waitPeer ? surface.glyphs.idle : $0.kind.glyph(in: surface.glyphs)
                return StackedBar.Segment(value: $0.share * Double(duration), glyph: glyph, role: $0.kind.role)
            }, total: Double(max(1, longest))
        ).render(in: &surface, area: area)
    }

    func render(in surface: inout Surface, area: Rect) {
        guard duration > 0 else {
            surface.write("no span of this step in the window", x: area.x, y: area.y, role: .dim)
            return
        }
        var line = TextLine(Format.preciseDuration(duration) + "  ", .foreground, .bold)
        for part in parts {
            line = line.appending(" \(part.name) ", .dim).appending(Format.percent(part.share), part.kind.role)
        }
        surface.write(line, x: area.x, y: area.y, maxWidth: area.width)
        renderBar(in: &surface, area: area.row(1), longest: 0)
        let words = bubbles.map { "\(WorkerName.short($0.worker)) \(Format.percent($0.share))" }
        surface.write(
            TextLine("bubble  ", .dim).appending(words.joined(separator: "   ")), x: area.x, y: area.y + 2,
            maxWidth: area.width)
    }
}

/// Where the time of the newest steps in the window went, a row each, all on one scale.
struct StepList {
    let lanes: [TimelineLanes.Lane]
    let time: Int64
    let window: ClosedRange<Int64>

    func render(in surface: inout Surface, area: Rect) {
        guard area.height >= 4, area.width >= 40 else { return }
        let steps = TimelineLanes.stepStarts(lanes).filter { window.contains($0.time) }.suffix(area.height - 1)
        let rows = steps.map { (step: $0.step, shares: StepShares(step: $0.step, lanes: lanes, time: time)) }
            .filter { !$0.shares.isEmpty }
        guard let longest = rows.map(\.shares.length).max() else { return }
        surface.write("step        took", x: area.x, y: area.y, role: .dim)
        surface.write(
            "where the time went (parts that overlap stand side by side)", x: area.x + 18, y: area.y, role: .dim)
        for (row, entry) in rows.enumerated() {
            let y = area.y + 1 + row
            surface.write(Format.step(entry.step).padded(to: 6), x: area.x, y: y, role: .foreground)
            let took = Format.preciseDuration(entry.shares.length).padded(to: 10, alignment: .trailing)
            surface.write(took, x: area.x + 6, y: y, role: .dim)
            entry.shares.renderBar(
                in: &surface, area: Rect(x: area.x + 18, y: y, width: area.width - 20, height: 1), longest: longest)
        }
    }
}
