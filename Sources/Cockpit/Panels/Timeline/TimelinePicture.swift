import Protocol
import Store

/// Builds the Gantt of a snapshot, for the small panel and for the full screen.
struct TimelinePicture {
    enum Detail {
        /// The lanes only.
        case compact
        /// Headings by worker, step marks, and the buffer and the devices below on the same axis.
        case full
    }

    let gantt: Gantt
    /// The row of the selected lane among all rows of the Gantt.
    let selectedRow: Int

    init(context: PanelContext, lanes: [TimelineLanes.Lane], width: Int, detail: Detail) {
        let view = context.run.timeline
        let window = TimelineLanes.window(view, time: context.snapshot.time)
        let builder = Builder(context: context, lanes: lanes, window: window, isWide: width >= 90)
        var rows: [Gantt.Lane] = []
        var selected = 0
        var worker: String?
        let planned = context.snapshot.header.lanes.count
        for index in detail == .full ? TimelineLanes.byWorker(lanes) : Array(lanes.indices) {
            let lane = lanes[index]
            // What workers did besides the plan comes and goes: below what stays.
            if detail == .compact, index == planned { rows.append(builder.events()) }
            if detail == .full, lane.worker != worker, Set(lanes.map(\.worker)).count > 1 {
                worker = lane.worker
                rows.append(builder.heading(lane.worker))
            }
            if index == view.lane { selected = rows.count }
            rows.append(builder.row(lane, isSelected: index == view.lane, indent: detail == .full ? "  " : ""))
        }
        let first = rows.firstIndex { if case .busy = $0.content { true } else { false } }
        if let first, let since = context.snapshot.cuts.spansBefore {
            rows[first].unknown = "calls since \(context.clock(at: since)) only"
        }
        if detail == .full || lanes.count <= planned { rows.append(builder.events()) }
        if detail == .full, view.offset == 0 { rows += builder.samples() }
        gantt = Gantt(
            lanes: rows, window: window,
            now: view.showsIdle ? context.snapshot.time : window.lowerBound,
            knownSince: context.snapshot.cuts.spansBefore ?? .min,
            ticks: builder.ticks(width: width, withSteps: detail == .full),
            columnTitles: builder.isWide ? ["busy", "bub"] : ["busy"])
        selectedRow = selected
    }

    private struct Builder {
        let context: PanelContext
        let lanes: [TimelineLanes.Lane]
        let window: ClosedRange<Int64>
        let isWide: Bool

        private var time: Int64 { context.snapshot.time }

        /// The share of the window that the spans cover, of the part of it where they are known; not a number where none is.
        private func busy(_ spans: [SpanRow]) -> Double {
            let since = max(window.lowerBound, context.snapshot.cuts.spansBefore ?? .min)
            guard since < window.upperBound else { return .nan }
            return TimelineLanes.busy(spans, window: since...window.upperBound, now: time)
        }

        func heading(_ worker: String) -> Gantt.Lane {
            let mark = String(context.glyphs.expanded)
            let idle = 1 - busy(lanes.filter { $0.worker == worker }.flatMap(\.spans))
            return Gantt.Lane(
                label: TextLine("\(mark) \(WorkerName.short(worker))", .dim), content: .heading,
                columns: isWide ? ["", Format.percent(idle)] : [])
        }

        func row(_ lane: TimelineLanes.Lane, isSelected: Bool, indent: String) -> Gantt.Lane {
            let isFocused = isSelected && context.run.focus == .timeline
            let busy = busy(lane.spans)
            let bubble = 1 - self.busy(lanes.filter { $0.worker == lane.worker }.flatMap(\.spans))
            let spans = lane.spans.map { span in
                LaneSpan(kind: TimelineLanes.kind(of: span), start: span.start, end: span.end ?? time)
            }
            return Gantt.Lane(
                label: TextLine(indent + lane.label, isFocused ? .accent : .foreground, isFocused ? .bold : []),
                content: .busy(spans),
                columns: isWide ? [Format.percent(busy), Format.percent(bubble)] : [Format.percent(busy)],
                selection: isSelected ? lane.spans.firstIndex { $0.id == context.run.timeline.span } : nil)
        }

        /// Failures and restarts inside the window, in a lane of their own, which is there without them too.
        func events() -> Gantt.Lane {
            let spans = TimelineLanes.marks(of: context.snapshot, in: window).map { event in
                LaneSpan(kind: event.isFailure ? .failure : .event, start: event.time, end: event.time)
            }
            return Gantt.Lane(label: TextLine("events", .dim), content: .sparse(spans))
        }

        func samples() -> [Gantt.Lane] {
            var rows: [Gantt.Lane] = []
            let snapshot = context.snapshot
            if let buffer = snapshot.buffer, buffer.capacity > 0, !snapshot.bufferHistory.isEmpty {
                rows.append(
                    Gantt.Lane(
                        label: TextLine("buffer \(buffer.capacity)", .dim),
                        content: .samples(
                            SampleHistory.stepped(snapshot.bufferHistory), maximum: Double(buffer.capacity)),
                        unknown: snapshot.cuts.bufferBefore.map { "since \(context.clock(at: $0)) only" } ?? ""))
            }
            for device in snapshot.devices where device.worker.isEmpty && !device.history.isEmpty {
                rows.append(
                    Gantt.Lane(
                        label: TextLine("\(device.device) %", .dim),
                        content: .samples(context.samples(of: device), maximum: 1)))
            }
            for process in DeviceSummary(snapshot).workers where !process.history.isEmpty {
                let values = context.samples(of: process)
                let peak = max(1, values.filter(\.isFinite).max() ?? 1)
                rows.append(
                    Gantt.Lane(
                        label: TextLine("\(WorkerName.short(process.worker)) cpu", .dim),
                        content: .samples(values, maximum: peak)))
            }
            return rows
        }

        /// Round times; with steps, where each step began.
        func ticks(width: Int, withSteps: Bool) -> [Gantt.Tick] {
            let origin = context.snapshot.header.startedWall + Int64(context.utcOffset) * 1_000_000_000
            let track = max(10, width - 20)
            if withSteps {
                let steps = TimelineLanes.stepStarts(lanes).filter { window.contains($0.time) }
                let spacing = max(1, steps.count * 9 / track)
                let shown = steps.enumerated().filter { $0.offset % spacing == 0 }.map(\.element)
                if !shown.isEmpty {
                    return shown.map { Gantt.Tick(time: $0.time, label: Format.step($0.step), mark: .step) }
                }
            }
            let times = TimeAxis.ticks(window: window, width: track, origin: origin)
            let distance = times.count > 1 ? times[1] - times[0] : 1_000_000_000
            var minute: Int64?
            return times.map { time in
                let current = (origin + time) / 60_000_000_000
                defer { minute = current }
                return Gantt.Tick(time: time, label: label(time, distance: distance, isSameMinute: current == minute))
            }
        }

        private func label(_ time: Int64, distance: Int64, isSameMinute: Bool) -> String {
            let clock = context.clock(at: time)
            if distance >= 60_000_000_000 { return String(clock.dropLast(3)) }
            guard distance >= 1_000_000_000 else {
                let milliseconds = context.wall(at: time) / 1_000_000 % 1000
                let digits = String(String(milliseconds + 1000).dropFirst())
                return ":\(clock.suffix(2)).\(digits)"
            }
            return isSameMinute ? ":\(clock.suffix(2))" : clock
        }
    }
}
