import Store

/// Zooming, panning and walking along the spans.
extension TimelinePanel {
    func handle(_ action: ActionID, in state: inout AppState, area: Rect) {
        guard var run = state.run, let snapshot = run.snapshot else { return }
        let lanes = TimelineLanes.lanes(of: snapshot)
        let quarter = run.timeline.window(at: snapshot.time) / 4
        switch action {
        case .zoomIn: Self.zoom(&run.timeline, by: -1, time: snapshot.time)
        case .zoomOut: Self.zoom(&run.timeline, by: 1, time: snapshot.time)
        case .panLeft: run.timeline.offset = min(max(0, snapshot.time - quarter), run.timeline.offset + quarter)
        case .panRight: run.timeline.offset = max(0, run.timeline.offset - quarter)
        case .follow: run.timeline.offset = 0
        case .wholeRun:
            run.timeline.isWhole.toggle()
            run.timeline.offset = 0
        case .idleShading: run.timeline.showsIdle.toggle()
        case .down, .up:
            let order = state.screen == .timeline ? TimelineLanes.byWorker(lanes) : Array(lanes.indices)
            let place = (order.firstIndex(of: run.timeline.lane) ?? 0) + (action == .down ? 1 : -1)
            if !order.isEmpty { run.timeline.lane = order[min(max(0, place), order.count - 1)] }
            run.timeline.span = nil
        case .left, .right: Self.selectSpan(&run, snapshot, lanes, direction: action == .left ? -1 : 1)
        case .enter:
            if run.timeline.span == nil { Self.selectSpan(&run, snapshot, lanes, direction: -1) }
            if state.screen != .timeline { state.screens.append(.timeline) }
        default: break
        }
        state.run = run
    }

    /// Out to the first window that holds all of the run, and no further.
    private static func zoom(_ view: inout TimelineView, by places: Int, time: Int64) {
        if view.isWhole {
            view.isWhole = false
            return
        }
        view.isZoomAutomatic = false
        let last = TimelineView.windows.count - 1
        let widest = TimelineView.windows.firstIndex { $0 * 1_000_000_000 >= time } ?? last
        // Who looks at a moment near the start of a replay keeps a window that is longer.
        view.zoom = min(max(0, view.zoom + places), places < 0 ? last : max(widest, min(view.zoom, last)))
    }

    /// Selects the next span of the lane, at first one that is in sight, and moves the window along with it.
    private static func selectSpan(
        _ run: inout RunView, _ snapshot: RunSnapshot, _ lanes: [TimelineLanes.Lane], direction: Int
    ) {
        guard lanes.indices.contains(run.timeline.lane) else { return }
        let spans = lanes[run.timeline.lane].spans
        let window = TimelineLanes.window(run.timeline, time: snapshot.time)
        let chosen: SpanRow?
        if let current = spans.firstIndex(where: { $0.id == run.timeline.span }) {
            chosen = spans[min(max(0, current + direction), spans.count - 1)]
        } else {
            let inSight = spans.filter { ($0.end ?? snapshot.time) > window.lowerBound && $0.start < window.upperBound }
            chosen = direction < 0 ? inSight.last ?? spans.last : inSight.first ?? spans.first
        }
        guard let chosen else { return }
        run.timeline.span = chosen.id
        let length = window.upperBound - window.lowerBound
        let end = chosen.end ?? snapshot.time
        if chosen.start < window.lowerBound || end > window.upperBound {
            run.timeline.offset = max(0, snapshot.time - (chosen.start + end + length) / 2)
        }
    }

    func selection(in run: RunView) -> String? {
        run.snapshot?.spans.first { $0.id == run.timeline.span }.map(SpanText.line)
    }
}
