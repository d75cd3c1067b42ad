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
            let pane = state.screen == .timeline ? .timeline : state.run?.focus
            guard let pane else { break }
            let area = DashboardLayout(state: state).panes[pane] ?? Rect(state.size)
            Panels.panel(pane).handle(action, in: &state, area: area)
        }
        return []
    }

    private static func movePane(_ state: inout AppState, by places: Int) {
        guard state.screen == .dashboard, let focus = state.run?.focus else { return }
        let panes = PaneID.allCases
        guard let place = panes.firstIndex(of: focus) else { return }
        state.run?.focus = panes[(place + places + panes.count) % panes.count]
    }

    /// esc: first the selection, then on the dashboard the zoom and the filters, then the banner go away; the timeline's
    /// own screen is left.
    private static func comeOut(_ state: inout AppState) {
        guard var run = state.run else { return }
        if state.screen == .timeline, run.timeline.span == nil {
            if state.screens.count > 1 { state.screens.removeLast() }
            return
        }
        let isOnDashboard = state.screen == .dashboard
        if run.timeline.span != nil {
            run.timeline.span = nil
        } else if isOnDashboard, run.isZoomed {
            run.isZoomed = false
        } else if isOnDashboard, Panels.all.contains(where: { $0.filter(in: run)?.isEmpty == false }) {
            for panel in Panels.all where panel.filter(in: run)?.isEmpty == false { panel.setFilter("", in: &run) }
        } else {
            run.dismissedFailure = run.snapshot?.statusDetail
        }
        state.run = run
    }

    private static func copySelection(_ state: AppState) -> [Effect] {
        guard let run = state.run, run.snapshot != nil else { return [] }
        let pane = state.screen == .timeline ? .timeline : run.focus
        let text = Panels.panel(pane).selection(in: run)
        return [.copy(text ?? "cockpit attach -e \(run.id.experiment) -f \(run.id.trial)")]
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

    /// Asks when a step was completed; the playhead goes there with the answer.
    static func goTo(_ state: AppState, step: Int) -> [Effect] {
        guard let run = state.run, run.snapshot != nil else { return [] }
        return [.seekStep(run.id, step)]
    }
}
