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
        let inside = area.inset(by: 1)
        let (chart, legend) = inside.splitBottom(inside.height >= 10 ? 1 : 0)
        let picture = TimelinePicture(context: context, lanes: lanes, width: chart.width, detail: .full)
        var gantt = picture.gantt
        let title = TimelinePanel().title(context)
        surface.box(
            area, title: title,
            trailing: extent(of: gantt, in: chart, context: context, room: area.width - 9 - title.cellWidth),
            focus: .focused)
        let list = StepList(lanes: lanes, time: context.snapshot.time, window: gantt.window)
        let room = lanesRoom(of: chart, gantt: gantt, list: list, snapshot: context.snapshot)
        gantt.grow(into: room, tallest: 6)
        gantt.firstLane = ScrollWindow.first(
            previous: 0, selection: picture.selectedRow, count: gantt.lanes.count, height: chart.height - 1)
        let taken = max(room, gantt.height), gap = chart.height - taken > StepList.leastRows ? 1 : 0
        let (top, steps) = chart.splitTop(taken + gap)
        gantt.render(in: &surface, area: top)
        list.render(in: &surface, area: steps)
        if !legend.isEmpty { GanttLegend().render(in: &surface, area: legend) }
    }

    /// What the window is, in as many words as the border has room for.
    private func extent(of gantt: Gantt, in chart: Rect, context: PanelContext, room: Int) -> String {
        let view = context.run.timeline
        let length = gantt.window.upperBound - gantt.window.lowerBound
        let column = Format.preciseDuration(length / Int64(max(1, gantt.trackWidth(in: chart))))
        let zoom = (view.isWhole ? "" : "window ") + TimelineLanes.extent(view, time: context.snapshot.time)
        let pan = view.offset > 0 ? "  \(Format.duration(view.offset)) before the newest" : ""
        let cut = TimelinePanel.cut(context)
        let texts = ["\(zoom)\(pan)\(cut)  1 col = \(column)", zoom + pan + cut, zoom + cut]
        return texts.first { $0.cellWidth <= room } ?? zoom
    }

    /// The rows that lanes may grow into: what the list of steps does not need. How many steps a window can hold comes
    /// from their length alone, so that the list stays where it is while lanes and steps come and go.
    private func lanesRoom(of chart: Rect, gantt: Gantt, list: StepList, snapshot: RunSnapshot) -> Int {
        guard list.fits(rows: chart.height - gantt.height) else { return chart.height }
        let share = chart.height >= Self.largeChart ? chart.height * 3 / 5 : 0
        guard let seconds = StepLength.seconds(of: snapshot), seconds > 0 else { return share }
        let length = Double(gantt.window.upperBound - gantt.window.lowerBound) / 1e9
        // One of them began before the window; the header and a blank row stand above.
        let needed = Int(min(length / seconds, Double(chart.height))) + 4
        return max(share, chart.height - needed)
    }

    private static let largeChart = 30

    private func renderDetails(
        in surface: inout Surface, area: Rect, context: PanelContext, lanes: [TimelineLanes.Lane]
    ) {
        let parts = area.columns([.fraction(0.5), .fraction(0.5)])
        let span = context.snapshot.spans.first { $0.id == context.run.timeline.span }
        let left = surface.box(parts[0], title: span.map { SpanDetails.title($0) } ?? "span")
            .inset(horizontal: 1, vertical: 0)
        let lines =
            span.map { SpanDetails.lines($0, context: context, width: left.width) }
            ?? SpanDetails.hint + SpanDetails.longest(lanes, context: context, width: left.width)
        Paragraph(lines: Paragraph.counted(lines, height: left.height)).render(in: &surface, area: left)
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

    /// `span actor_gen  1.200 s`.
    static func title(_ span: SpanRow) -> String {
        "span \(name(span))  \(SpanText.length(of: span) ?? "still running")"
    }

    private static func name(_ span: SpanRow) -> String { span.mfc.isEmpty ? span.interfaceType : span.mfc }

    /// The three calls of the window that took longest, of those that have ended.
    static func longest(_ lanes: [TimelineLanes.Lane], context: PanelContext, width: Int) -> [TextLine] {
        let window = TimelineLanes.window(context.run.timeline, time: context.snapshot.time)
        let ended = lanes.flatMap(\.spans).compactMap { span -> (span: SpanRow, length: Int64)? in
            guard let end = span.end, end > window.lowerBound, span.start < window.upperBound else { return nil }
            return (span, end - span.start)
        }
        let first = ended.sorted { ($0.length, $1.span.start) > ($1.length, $0.span.start) }.prefix(3)
        return first.enumerated().map { index, entry in
            let length = TextLine((index == 0 ? "longest" : "").padded(to: 9), .dim)
                .appending(Format.preciseDuration(entry.length), .foreground, .bold)
            let line = length.appending("  \(name(entry.span)) step \(Format.step(entry.span.step))")
            // The number tells more than the word before it.
            return line.cellWidth <= width
                ? line : length.appending("  \(name(entry.span)) \(Format.step(entry.span.step))")
        }
    }

    /// Facts in lines that belong together, or closer where these are more than a low box holds.
    static func lines(_ span: SpanRow, context: PanelContext, width: Int) -> [TextLine] {
        let milliseconds = context.wall(at: span.start) / 1_000_000 % 1000
        let start = "\(context.clock(at: span.start)).\(String(milliseconds + 1000).dropFirst())"
        let place = [("", span.worker), ("", span.interfaceType), ("role ", span.role), ("phase ", span.phase)]
        let begin = [("start ", start), ("in ", "\(ShortNumber.grouped(span.sequences)) seqs")]
        let work = [("", "\(ShortNumber.grouped(span.tokens)) tokens"), ("", rate(span))]
        let version = [("weight version ", "\(span.weightVersion)"), ("attempt ", "\(span.attempt)")]
        let groups = [place, begin, work, version].map { facts in facts.map { fact($0.0, $0.1) } }
        let lines = groups.flatMap { TextLine.flow($0, width: width) }
        return lines.count <= groups.count ? lines : TextLine.flow(groups.flatMap(\.self), width: width)
    }

    private static func rate(_ span: SpanRow) -> String {
        guard let end = span.end, end > span.start, span.tokens > 0 else { return "" }
        return "\(ShortNumber.text(Double(span.tokens) / (Double(end - span.start) / 1e9))) tok/s"
    }

    private static func fact(_ name: String, _ value: String) -> TextLine {
        value.isEmpty ? TextLine() : TextLine(name, .dim).appending(value)
    }
}

/// Where the time of one step went.
struct StepShares {
    private var parts: [(kind: SpanKind, name: String, share: Double)] = []
    private var duration: Int64 = 0
    private var bubbles: [(worker: String, share: Double)] = []

    init(step: Int, lanes: [TimelineLanes.Lane], time: Int64) {
        // A step that a later attempt did again is told as that did it.
        let tries = lanes.flatMap(\.spans).filter { $0.step == step }, last = tries.map(\.attempt).max()
        let spans = tries.filter { $0.attempt == last }
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
        let took = TextLine(Format.preciseDuration(duration) + " ", .foreground, .bold)
        let shares = parts.map {
            // The colour of waiting is made for dots and too dark for text.
            TextLine("\($0.name) ", .dim).appending(
                Format.percent($0.share), $0.kind == .waitPeer ? .dim : $0.kind.role)
        }
        let above = TextLine.flow([took] + shares, width: area.width, gap: 1)
        Paragraph(lines: above).render(in: &surface, area: area)
        let below = area.splitTop(above.count).rest
        guard !below.isEmpty else { return }
        renderBar(in: &surface, area: below.row(0), longest: 0)
        let words = bubbles.enumerated().map { index, bubble in
            TextLine(index == 0 ? "bubble  " : "", .dim)
                .appending("\(WorkerName.short(bubble.worker)) \(Format.percent(bubble.share))")
        }
        let lines = TextLine.flow(words, width: area.width)
        let rest = below.splitTop(1).rest
        Paragraph(lines: Paragraph.counted(lines, height: rest.height)).render(in: &surface, area: rest)
    }
}

/// Where the time of the newest steps in the window went, a row each, all on one scale.
struct StepList {
    let lanes: [TimelineLanes.Lane]
    let time: Int64
    let window: ClosedRange<Int64>

    /// The steps that began in the window, and the one that was under way at its left end.
    private var steps: ArraySlice<(step: Int, time: Int64)> {
        let begun = TimelineLanes.stepStarts(lanes).filter { $0.time <= window.upperBound }
        return begun[(begun.lastIndex { $0.time <= window.lowerBound } ?? begun.startIndex)...]
    }

    /// Whether so many rows hold a list, with its header, of enough steps.
    func fits(rows: Int) -> Bool { rows >= Self.leastRows && !steps.isEmpty }

    /// Rows below which a list tells nothing.
    static let leastRows = 4

    func render(in surface: inout Surface, area: Rect) {
        guard area.height >= Self.leastRows, area.width >= 40 else { return }
        let rows = steps.suffix(area.height - 1)
            .map { (step: $0.step, shares: StepShares(step: $0.step, lanes: lanes, time: time)) }
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
