import Protocol
import Store

extension Reducer {
    /// A click focuses what it hits, the wheel moves in it, a click on the scrub bar moves the playhead.
    static func takeMouse(_ state: inout AppState, _ mouse: MouseEvent, now: Int64) -> [Effect] {
        guard state.overlay == nil, state.filterInput == nil else { return [] }
        switch mouse.kind {
        case .press(.left), .drag(.left): click(&state, at: mouse.position, now: now)
        case .wheelUp: return turnWheel(&state, at: mouse.position, up: .up, now: now)
        case .wheelDown: return turnWheel(&state, at: mouse.position, up: .down, now: now)
        default: break
        }
        return []
    }

    private static func click(_ state: inout AppState, at position: Point, now: Int64) {
        switch state.screen {
        case .trials:
            let rows = TrialsLayout(state: state)
            let visible = state.trials.visible
            guard rows.table.contains(position) else { return }
            let index = rows.firstRow + position.y - rows.table.y
            if visible.indices.contains(index) { select(&state, visible[index].id) }
        case .dashboard, .timeline:
            let layout = DashboardLayout(state: state)
            if let bar = layout.transport, TransportBar.track(in: bar).contains(position) {
                let track = TransportBar.track(in: bar)
                let share = Double(position.x - track.x) / Double(max(1, track.width - 1))
                let end = state.run?.snapshot?.endTime ?? 0
                state.run?.transport.seek(to: Int64(share * Double(end)), now: now)
            } else if state.screen == .dashboard, let pane = layout.pane(at: position), var run = state.run {
                run.focus = pane
                Panels.panel(pane).click(at: position, area: layout.panes[pane] ?? .zero, in: &run)
                state.run = run
            }
        case .launch: break
        }
    }

    private static func turnWheel(
        _ state: inout AppState, at position: Point, up action: ActionID, now: Int64
    ) -> [Effect] {
        if state.screen == .dashboard, let pane = DashboardLayout(state: state).pane(at: position) {
            state.run?.focus = pane
            let own = Panels.panel(pane).traits.scope.map(Keymap.actions(in:)) ?? []
            if own.contains(where: { $0.id == .zoomIn }) {
                return perform(&state, action == .up ? .zoomIn : .zoomOut, now: now)
            }
        }
        if state.screen == .timeline { return perform(&state, action == .up ? .zoomIn : .zoomOut, now: now) }
        if state.screen == .launch {
            // What is being typed belongs to its row: it is taken before another row is gone to, as the arrows do.
            if state.form?.editing != nil {
                return takeFieldKey(&state, KeyStroke(action == .up ? .up : .down), now: now)
            }
            return perform(&state, action == .up ? .previousField : .nextField, now: now)
        }
        return perform(&state, action, now: now)
    }
}
