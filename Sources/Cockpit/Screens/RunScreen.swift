import Protocol
import Store

/// The dashboard of one run: live, ended or replayed, it is the same screen.
struct RunScreen {
    let state: AppState
    let now: Int64

    func render(in surface: inout Surface) {
        guard let run = state.run else { return }
        let layout = DashboardLayout(state: state)
        HeaderLine.of(run, screen: nil, state: state, glyphs: surface.glyphs).render(in: &surface, area: layout.header)
        FooterLine(state: state).render(in: &surface, area: layout.footer)
        if let alerts = layout.alerts { AlertsLine(alerts: Alerts.of(run)).render(in: &surface, area: alerts) }
        guard let snapshot = run.snapshot else {
            Self.renderWaiting(run, in: &surface)
            return
        }
        if let banner = layout.banner { FailureBanner.lines(of: run)?.render(in: &surface, area: banner) }
        let context = PanelContext(run: run, snapshot: snapshot, utcOffset: state.utcOffset, glyphs: surface.glyphs)
        for (pane, area) in layout.panes {
            let focus: FocusState = pane == run.focus ? .focused : .unfocused
            Panels.panel(pane).draw(in: &surface, area: area, context: context, focus: focus)
        }
        if let meters = layout.meters {
            let isFocused = Panels.panel(run.focus).traits.placement == .middle
            MetersLine(context: context).render(in: &surface, area: meters, focus: isFocused ? .focused : .unfocused)
        }
        if let transport = layout.transport {
            TransportBar(run: run, snapshot: snapshot, now: now, utcOffset: state.utcOffset)
                .render(in: &surface, area: transport)
        }
    }

    /// Nothing was read of the run yet, or it cannot be read.
    static func renderWaiting(_ run: RunView, in surface: inout Surface) {
        let text = run.failure ?? "opening \(run.id)…"
        let lines = text.split(whereSeparator: \.isNewline).map {
            TextLine(String($0), run.failure == nil ? .dim : .logError)
        }
        let place = surface.bounds.centered(width: min(surface.width - 4, 90), height: lines.count + 2)
        Paragraph(lines: lines, overflow: .wrap).render(in: &surface, area: place)
    }
}

/// The panels of the middle on one line, where there is no room for them.
struct MetersLine {
    let context: PanelContext

    func render(in surface: inout Surface, area: Rect, focus: FocusState) {
        let inside = surface.box(area, focus: focus)
        surface.clipped(to: inside) { surface in
            var x = inside.x + 1
            for panel in Panels.at(.middle) { x = panel.meter(in: &surface, x: x, y: inside.y, context: context) }
        }
    }
}
