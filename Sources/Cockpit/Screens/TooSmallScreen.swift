import Protocol
import Store

/// What a terminal below 60x16 shows: what to do, and a line about the trial.
struct TooSmallScreen {
    let state: AppState

    func render(in surface: inout Surface) {
        let minimum = DashboardLayout.minimum
        var lines = [
            TextLine("terminal too small", .statusFailed, .bold),
            TextLine("\(state.size.width)x\(state.size.height), needs \(minimum.width)x\(minimum.height)", .dim),
        ]
        if let run = state.run {
            let mark = String(run.status.glyph(in: surface.glyphs))
            lines.append(TextLine("\(mark) ", run.status.role).appending("\(run.id) \(run.status.rawValue)"))
            if let snapshot = run.snapshot { lines.append(TextLine("step \(snapshot.step)/\(snapshot.totalSteps)")) }
            if let alert = Alerts.of(run).first { lines.append(TextLine(alert.text, .logWarning)) }
        }
        lines.append(TextLine(state.screen == .launch ? "esc leaves" : "q leaves", .dim))
        let top = max(0, (surface.height - lines.count) / 2)
        for (row, line) in lines.enumerated() {
            surface.write(line, x: max(0, (surface.width - line.cellWidth) / 2), y: top + row, maxWidth: surface.width)
        }
    }
}
