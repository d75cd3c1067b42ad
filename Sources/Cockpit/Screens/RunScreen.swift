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

/// Buffer and devices on one line, where there is no room for their panels.
struct MetersLine {
    let context: PanelContext

    func render(in surface: inout Surface, area: Rect, focus: FocusState) {
        let inside = surface.box(area, focus: focus)
        surface.clipped(to: inside) { surface in
            var x = inside.x + 1
            if let buffer = context.snapshot.buffer {
                let age = buffer.oldest.map { " age \($0)" } ?? ""
                x = meter(
                    "buf", buffer.share, "\(buffer.size)/\(buffer.capacity)\(age)", at: x, y: inside.y, in: &surface)
            } else {
                x += surface.write("buf no sample yet", x: x, y: inside.y, role: .dim) + 2
            }
            let devices = DeviceSummary(context.snapshot)
            for gpu in devices.gpus.prefix(2) {
                x = meter(gpu.label, gpu.utilisation, Format.percent(gpu.utilisation), at: x, y: inside.y, in: &surface)
            }
            var line = devices.gpus.isEmpty ? TextLine("no GPU  ", .dim) : TextLine()
            if let host = devices.host {
                let memory = host.memoryTotal > 0 ? Double(host.memoryUsed) / Double(host.memoryTotal) : 0
                line = line.appending("CPU ", .dim).appending(Format.percent(host.utilisation)).appending(
                    "  RAM ", .dim
                )
                .appending(Format.percent(memory))
            }
            surface.write(line, x: x, y: inside.y)
        }
    }

    private func meter(
        _ label: String, _ share: Double, _ text: String, at x: Int, y: Int, in surface: inout Surface
    ) -> Int {
        var x = x + surface.write(label, x: x, y: y, role: .dim) + 1
        Gauge(share: share).render(in: &surface, area: Rect(x: x, y: y, width: 14, height: 1))
        x += 14
        return x + surface.write(text, x: x, y: y, role: .foreground) + 2
    }
}
