import Protocol
import Store

/// The newest log lines of all workers or of one.
struct LogPanel: Panel {
    let traits = PanelTraits(id: .logs, placement: .list, scope: .logs, minimum: Size(width: 20, height: 1))

    func title(_ context: PanelContext) -> String {
        let view = context.run.logs
        var words = ["Log ", view.worker.map(WorkerName.short) ?? "all"]
        if view.level > .debug { words.append("\(view.level.rawValue)+") }
        words.append(view.scroll == 0 ? "follow" : "\(view.scroll) below")
        if !view.filter.isEmpty { words.append("/ \(view.filter)") }
        return words[0] + words.dropFirst().joined(separator: context.glyphs.repertoire == .unicode ? " · " : " - ")
    }

    func render(in surface: inout Surface, area: Rect, context: PanelContext) {
        let view = context.run.logs
        let rows = context.run.visibleLogs
        guard !rows.isEmpty else {
            let text =
                view.filter.isEmpty ? "nothing logged at this level yet" : "no line matches; esc clears the filter"
            surface.write(text, x: area.x + 1, y: area.y, role: .dim)
            return
        }
        let place = area.inset(horizontal: 1, vertical: 0)
        // Enough rows to fill the pane from its bottom up.
        let newest = rows.dropLast(min(view.scroll, rows.count - 1)).suffix(area.height)
        let lines = newest.flatMap { row -> [TextLine] in
            let line = text(of: row, context: context, isNarrow: area.width < 60)
            // The cause of a failure is no use without its end.
            return view.wraps || row.level == .error ? Paragraph.wrapped(line, to: place.width) : [line]
        }
        Paragraph(lines: Array(lines.suffix(area.height))).render(in: &surface, area: place)
        surface.scrollbar(
            x: area.maxX - 1, area: area, first: max(0, rows.count - view.scroll - area.height), count: rows.count)
    }

    private func text(of row: LogRow, context: PanelContext, isNarrow: Bool) -> TextLine {
        let time = context.clock(at: row.time)
        let worker = WorkerName.short(row.worker)
        let role = row.level.role
        let line = TextLine(time + " ", .dim)
            .appending(isNarrow ? "" : worker.padded(to: 9), .accent)
            .appending(row.level.mark.padded(to: 6), role)
        return line.appending(row.message, row.level >= .warning ? role : .foreground)
    }
}

extension LogLevel {
    var role: Role {
        switch self {
        case .debug: .logDebug
        case .info: .logInfo
        case .warning: .logWarning
        case .error: .logError
        }
    }

    /// The word in a log line.
    var mark: String {
        switch self {
        case .debug: "DEBUG"
        case .info: "INFO"
        case .warning: "WARN"
        case .error: "ERROR"
        }
    }
}

extension PaneID {
    static let logs = PaneID("log")
}
