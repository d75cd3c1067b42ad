import Protocol
import Store

/// Draws the dashboard: a pure function of the state, the size and the time.
enum DashboardRenderer {
    /// `now` is the loop's clock, for the playhead; `wall` the wall clock, for the trials list.
    static func render(_ state: AppState, glyphs: Glyphs, now: Int64, wall: Int64) -> Surface {
        var surface = Surface(size: state.size, glyphs: glyphs)
        guard state.size.width >= 20, state.size.height >= 3 else {
            surface.write("too small", x: 0, y: 0, role: .foreground)
            return surface
        }
        let isTooSmall =
            state.size.width < DashboardLayout.minimum.width || state.size.height < DashboardLayout.minimum.height
        if isTooSmall {
            TooSmallScreen(state: state).render(in: &surface)
        } else {
            switch state.screen {
            case .trials: TrialsScreen(state: state, wall: wall).render(in: &surface)
            case .dashboard: RunScreen(state: state, now: now).render(in: &surface)
            case .timeline: TimelineScreen(state: state, now: now).render(in: &surface)
            case .launch: LaunchScreen(state: state).render(in: &surface)
            }
            renderOverlay(state, now: now, in: &surface)
        }
        renderToasts(state, in: &surface)
        return surface
    }

    private static func renderOverlay(_ state: AppState, now: Int64, in surface: inout Surface) {
        switch state.overlay {
        case .help(let help): HelpScreen(help: help, scopes: state.scopes).render(in: &surface)
        case .palette(let palette): PaletteScreen(palette: palette, state: state).render(in: &surface)
        case .themes(let themes): ThemesScreen(themes: themes, names: state.themes).render(in: &surface)
        case .confirm(let confirmation): ConfirmScreen(confirmation: confirmation, now: now).render(in: &surface)
        case nil: break
        }
    }

    /// Whether the line of alerts, which a message covers, says the same and keeps saying it.
    private static func isAlerted(_ toast: Toast, in state: AppState) -> Bool {
        guard state.screen == .dashboard || state.screen == .timeline, let run = state.run else { return false }
        let subject = Alert(severity: .warning, text: toast.text).short
        return toast.text != subject && Alerts.of(run).contains { $0.short == subject }
    }

    /// The newest message, over the line above the footer.
    private static func renderToasts(_ state: AppState, in surface: inout Surface) {
        guard let toast = state.toasts.last, !isAlerted(toast, in: state) else { return }
        let text = " \(toast.text.split(whereSeparator: \.isNewline).first.map(String.init) ?? "") "
            .fitted(to: surface.width - 2, ellipsis: surface.glyphs.ellipsis)
        let y = max(0, surface.height - 2)
        let place = Rect(x: surface.width - text.cellWidth - 1, y: y, width: text.cellWidth, height: 1)
        surface.fill(place)
        surface.update(place) { $0.attributes = [] }
        let role: Role =
            switch toast.kind {
            case .information: .selectionForeground
            case .warning: .logWarning
            case .failure: .alertForeground
            }
        surface.write(text, x: place.x, y: y, role: role, attributes: .bold)
        surface.paint(place, background: toast.kind == .failure ? .alertBackground : .selectionBackground)
    }
}
