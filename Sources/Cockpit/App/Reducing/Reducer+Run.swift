import Protocol
import Store

extension Reducer {
    /// Actions on the screens of one run.
    static func performInRun(_ state: inout AppState, _ action: ActionID, now: Int64) -> [Effect] {
        guard state.run != nil else { return [] }
        if let effects = performInTransport(&state, action, now: now) { return effects }
        switch action {
        case .nextPane: movePane(&state, by: 1)
        case .previousPane: movePane(&state, by: -1)
        case .zoomPane:
            if state.screen == .timeline {
                return back(&state, now: now)
            }
            state.run?.isZoomed.toggle()
        case .escape: comeOut(&state)
        case .copy: return copySelection(state)
        default:
            switch state.screen == .timeline ? .timeline : state.run?.focus {
            case .timeline: performInTimeline(&state, action)
            case .charts: performInCharts(&state, action)
            case .workers: performInWorkers(&state, action)
            case .logs: performInLogs(&state, action)
            case .buffer, .devices, nil: break
            }
        }
        return []
    }

    private static func movePane(_ state: inout AppState, by places: Int) {
        guard state.screen == .dashboard, let focus = state.run?.focus else { return }
        let panes = PaneID.allCases
        state.run?.focus = panes[(focus.rawValue + places + panes.count) % panes.count]
    }

    /// esc: first the selection, then the zoom, then the filter, then the banner go away.
    private static func comeOut(_ state: inout AppState) {
        guard var run = state.run else { return }
        if run.timeline.span != nil {
            run.timeline.span = nil
        } else if run.isZoomed {
            run.isZoomed = false
        } else if !run.charts.filter.isEmpty || !run.logs.filter.isEmpty || !run.workers.filter.isEmpty {
            run.charts.filter = ""
            run.logs.filter = ""
            run.workers.filter = ""
        } else {
            run.dismissedFailure = run.snapshot?.statusDetail
        }
        state.run = run
    }

    private static func copySelection(_ state: AppState) -> [Effect] {
        guard let run = state.run, let snapshot = run.snapshot else { return [] }
        switch state.screen == .timeline ? .timeline : run.focus {
        case .timeline:
            guard let span = snapshot.spans.first(where: { $0.id == run.timeline.span }) else { break }
            return [.copy(SpanText.line(span))]
        case .charts:
            guard let key = run.metrics.dropFirst(run.charts.selected).first,
                let series = snapshot.series.first(where: { $0.key == key })
            else { break }
            return [.copy("\(key) \(series.last) (step \(series.lastStep))")]
        case .workers:
            guard let worker = run.selectedWorker else { break }
            return [.copy("\(worker.id) pid \(worker.pid) \(worker.state.rawValue) \(worker.detail)")]
        case .logs:
            guard let row = run.visibleLogs.dropLast(run.logs.scroll).last else { break }
            return [.copy("\(row.worker) \(row.level.rawValue) \(row.message)")]
        case .buffer, .devices: break
        }
        return [.copy("cockpit attach -e \(run.id.experiment) -f \(run.id.trial)")]
    }

    // MARK: Replay

    /// Play, seek and speed; nil for other actions.
    private static func performInTransport(_ state: inout AppState, _ action: ActionID, now: Int64) -> [Effect]? {
        guard var run = state.run else { return nil }
        let end = run.snapshot?.endTime ?? 0
        let here = run.transport.position(now: now, end: end) ?? run.snapshot?.time ?? end
        defer { state.run = run }
        switch action {
        case .playPause:
            run.transport.isPlaying ? run.transport.pause(now: now, end: end) : run.transport.play(now: now, end: end)
        case .slower: run.transport.changeSpeed(by: -1, now: now, end: end)
        case .faster: run.transport.changeSpeed(by: 1, now: now, end: end)
        case .jumpToEnd:
            run.timeline.offset = 0
            run.transport.follow()
        case .eventBack: return ask(&run, ReplayMove(direction: .backward, stop: .event), from: here)
        case .eventForward: return ask(&run, ReplayMove(direction: .forward, stop: .event), from: here)
        case .stepBack: return ask(&run, ReplayMove(direction: .backward, stop: .step), from: here)
        case .stepForward: return ask(&run, ReplayMove(direction: .forward, stop: .step), from: here)
        default:
            guard let share = action.jumpShare else { return nil }
            run.transport.seek(to: Int64(Double(end) * share), now: now)
        }
        return []
    }

    /// Sends a move to the reader, or keeps it until the one before it is answered: three presses are three steps.
    private static func ask(_ run: inout RunView, _ move: ReplayMove, from time: Int64) -> [Effect] {
        guard run.moves.count < ReplayMove.limit else { return [] }
        run.moves.append(move)
        return run.moves.count == 1 ? [.seek(run.id, move.direction, from: time, stop: move.stop)] : []
    }

    /// Moves the playhead to about where a step completed; the store's own steps refine it from there.
    static func goTo(_ state: inout AppState, step: Int, now: Int64) -> [Effect] {
        guard let run = state.run, let snapshot = run.snapshot, snapshot.step > 0 else { return [] }
        let share = min(1, Double(step) / Double(max(1, snapshot.step)))
        state.run?.transport.pause(now: now, end: snapshot.endTime)
        state.run?.transport.seek(to: Int64(Double(snapshot.time) * share), now: now)
        return []
    }

    // MARK: Timeline

    private static func performInTimeline(_ state: inout AppState, _ action: ActionID) {
        guard var run = state.run, let snapshot = run.snapshot else { return }
        let lanes = TimelineLanes.lanes(of: snapshot)
        let quarter = run.timeline.window(at: snapshot.time) / 4
        switch action {
        case .zoomIn: zoomTimeline(&run.timeline, by: -1)
        case .zoomOut: zoomTimeline(&run.timeline, by: 1)
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
        case .left, .right: selectSpan(&run, snapshot, lanes, direction: action == .left ? -1 : 1)
        case .enter:
            if run.timeline.span == nil { selectSpan(&run, snapshot, lanes, direction: -1) }
            if state.screen != .timeline { state.screens.append(.timeline) }
        default: break
        }
        state.run = run
    }

    private static func zoomTimeline(_ view: inout TimelineView, by places: Int) {
        if view.isWhole {
            view.isWhole = false
            return
        }
        view.isZoomAutomatic = false
        view.zoom = min(max(0, view.zoom + places), TimelineView.windows.count - 1)
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

    // MARK: Charts, workers, log

    private static func performInCharts(_ state: inout AppState, _ action: ActionID) {
        let rowLength = max(1, DashboardLayout(state: state).chartColumns)
        guard var run = state.run else { return }
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

    private static func performInWorkers(_ state: inout AppState, _ action: ActionID) {
        guard var run = state.run else { return }
        let last = max(0, run.visibleWorkers.count - 1)
        func move(_ places: Int) { run.workers.selected = min(max(0, run.workers.selected + places), last) }
        switch action {
        case .up: move(-1)
        case .down: move(1)
        case .pageUp: move(-10)
        case .pageDown: move(10)
        case .top: move(-last)
        case .bottom: move(last)
        case .enter:
            run.logs.worker = run.selectedWorker?.id
            run.logs.scroll = 0
            run.focus = .logs
        default: break
        }
        state.run = run
    }

    private static func performInLogs(_ state: inout AppState, _ action: ActionID) {
        guard var run = state.run else { return }
        let last = max(0, run.visibleLogs.count - 1)
        func scroll(_ places: Int) { run.logs.scroll = min(max(0, run.logs.scroll + places), last) }
        switch action {
        case .up: scroll(1)
        case .down: scroll(-1)
        case .pageUp: scroll(10)
        case .pageDown: scroll(-10)
        case .top: scroll(last)
        case .bottom, .follow: run.logs.scroll = 0
        case .wrap: run.logs.wraps.toggle()
        case .level:
            let levels = LogLevel.allCases
            let index = levels.firstIndex(of: run.logs.level) ?? 0
            run.logs.level = levels[(index + 1) % levels.count]
        case .chooseWorker:
            let workers = run.snapshot?.workers.map(\.id) ?? []
            let index = run.logs.worker.flatMap(workers.firstIndex)
            run.logs.worker = index.map { $0 + 1 < workers.count ? workers[$0 + 1] : nil } ?? workers.first
            if let index, index + 1 >= workers.count { run.logs.worker = nil }
        default: break
        }
        state.run = run
    }
}
