import Protocol
import Store

extension Reducer {
    /// Who gets a key: a question first, then other overlays, then a line being typed, then the keymap.
    static func takeKey(_ state: inout AppState, _ stroke: KeyStroke, now: Int64) -> [Effect] {
        if stroke == .control("c") { return interrupt(&state, now: now) }
        if let overlay = state.overlay { return takeKey(&state, stroke, over: overlay, now: now) }
        if state.filterInput != nil {
            takeFilterKey(&state, stroke)
            return []
        }
        if state.screen == .launch, state.form?.editing != nil { return takeFieldKey(&state, stroke, now: now) }
        if state.screen == .launch, let effects = beginTyping(&state, stroke) { return effects }
        guard let action = Keymap.action(for: stroke, in: state.scopes) else { return [] }
        return perform(&state, action, now: now)
    }

    /// Does an action, or says why it cannot be done.
    static func perform(_ state: inout AppState, _ action: ActionID, now: Int64) -> [Effect] {
        if let reason = Availability.reason(against: action, in: state) {
            toast(&state, reason, .warning, now: now)
            return []
        }
        if state.screen == .launch, let effects = performInForm(&state, action, now: now) { return effects }
        if let effects = performGlobal(&state, action, now: now) { return effects }
        if let effects = performOnTrial(&state, action, now: now) { return effects }
        switch state.screen {
        case .trials: return performInTrials(&state, action, now: now)
        case .launch: return []
        case .dashboard, .timeline: return performInRun(&state, action, now: now)
        }
    }

    /// Actions that mean the same on every screen; nil for others.
    private static func performGlobal(_ state: inout AppState, _ action: ActionID, now: Int64) -> [Effect]? {
        switch action {
        case .back: return back(&state, now: now)
        case .help: state.overlay = .help(HelpOverlay())
        case .palette: state.overlay = .palette(PaletteOverlay())
        case .filter:
            beginFilter(&state)
            if state.filterInput == nil { toast(&state, "nothing to filter on this screen", .warning, now: now) }
        case .showTrials: state.screens = [.trials]
        case .showDashboard:
            show(&state, .dashboard)
            state.run?.isZoomed = false
        case .nextTheme: chooseTheme(&state, by: 1, now: now)
        case .themeList:
            let index = state.themes.firstIndex(of: state.theme) ?? 0
            state.overlay = .themes(ThemesOverlay(selected: index, original: state.theme))
        case .export: return [.export(name: pictureName(state))]
        case .freeze: toggleFreeze(&state)
        case .repaint: return [.repaint]
        case .mouse:
            state.mouse = state.mouse == .on ? .off : .on
            toast(&state, state.mouse == .on ? "mouse on" : "mouse off: select text with the terminal", now: now)
            return [.setMouse(state.mouse)]
        case .suspend: return [.suspend]
        default:
            guard let place = action.panelPlace, Panels.all.indices.contains(place) else { return nil }
            showPanel(&state, Panels.all[place])
        }
        return []
    }

    // MARK: Coming and going

    /// One screen back; on the top screen the dashboard is left and the workers go on.
    static func back(_ state: inout AppState, now: Int64) -> [Effect] {
        if state.screen == .dashboard, state.run?.isZoomed == true {
            state.run?.isZoomed = false
            return []
        }
        guard state.screens.count > 1 else { return [.quit(farewell: Farewell.text(for: state))] }
        state.screens.removeLast()
        if state.screen == .trials { state.run = nil }
        return []
    }

    /// ctrl-c never reaches a worker: it goes back like `q`, and a second one within a second leaves.
    private static func interrupt(_ state: inout AppState, now: Int64) -> [Effect] {
        if let last = state.interruptedAt, now - last < 1_000_000_000 {
            return [.quit(farewell: Farewell.text(for: state))]
        }
        state.interruptedAt = now
        if state.overlay != nil || state.filterInput != nil {
            closeOverlay(&state)
            state.filterInput = nil
            return []
        }
        if state.screen == .launch {
            cancelForm(&state)
            return []
        }
        let effects = back(&state, now: now)
        if effects.isEmpty { toast(&state, "ctrl-c again leaves the dashboard; workers keep running", now: now) }
        return effects
    }

    private static func show(_ state: inout AppState, _ screen: ScreenID) {
        guard state.screen != screen else { return }
        if screen == .dashboard {
            if let index = state.screens.firstIndex(of: .dashboard) {
                state.screens.removeSubrange((index + 1)...)
                return
            }
        } else {
            state.screens.removeAll { $0 == screen }
        }
        state.screens.append(screen)
    }

    /// Goes to a panel's own screen or its full-screen form; a second press of the same key brings the dashboard back.
    private static func showPanel(_ state: inout AppState, _ panel: any Panel) {
        if let screen = panel.traits.screen { return show(&state, screen) }
        let pane = panel.id
        show(&state, .dashboard)
        let isShown = state.run?.focus == pane && state.run?.isZoomed == true
        state.run?.focus = pane
        state.run?.isZoomed = !isShown
    }

    private static func toggleFreeze(_ state: inout AppState) {
        state.isFrozen.toggle()
        // The view that was held back is read at once.
        if !state.isFrozen { state.watched = nil }
    }

    private static func chooseTheme(_ state: inout AppState, by places: Int, now: Int64) {
        guard !state.themes.isEmpty else { return }
        let index = state.themes.firstIndex(of: state.theme) ?? 0
        state.theme = state.themes[(index + places + state.themes.count) % state.themes.count]
        toast(&state, "theme \(state.theme)", now: now)
    }

    private static func pictureName(_ state: AppState) -> String {
        let screen =
            switch state.screen {
            case .trials: "trials"
            case .dashboard: "dashboard"
            case .timeline: "timeline"
            case .launch: "launch"
            }
        guard let run = state.run, state.screen != .trials else { return screen }
        return "\(run.id.experiment)-\(run.id.trial)-\(screen)"
    }
}

/// What is printed once the terminal is restored.
enum Farewell {
    static func text(for state: AppState) -> String {
        if let run = state.run {
            guard run.isAlive else { return "" }
            let count = run.snapshot?.workers.filter { !$0.state.isTerminal }.count ?? run.item?.runningWorkers ?? 0
            return "\(workers(count)); return with: cockpit attach -e \(run.id.experiment) -f \(run.id.trial)"
        }
        let alive = (state.trials.items ?? []).filter { !$0.status.isTerminal }
        guard let first = alive.first else { return "" }
        if alive.count == 1 {
            return "\(first.id): \(workers(first.runningWorkers)); return with: cockpit attach"
                + " -e \(first.id.experiment) -f \(first.id.trial)"
        }
        return "\(alive.count) trials keep running; return with: cockpit"
    }

    private static func workers(_ count: Int) -> String {
        count == 1 ? "1 worker keeps running" : "\(count) workers keep running"
    }
}
