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
        let names = Self.nameWidth(rows, in: area.width)
        // What no line has goes to the lines that are too long, the newest ones first.
        var spare = area.height - newest.count
        let blocks = newest.reversed().enumerated().map { age, row -> [TextLine] in
            let line = text(of: row, names: names, context: context)
            let wrapped = Self.whole(line, to: place.width)
            // The cause of a failure is no use without its end; the line at the bottom is the one that is read.
            let isWhole = view.wraps || row.level == .error || (age == 0 && wrapped.count <= area.height / 2)
            guard isWhole || wrapped.count - 1 <= spare else { return [line] }
            spare -= wrapped.count - 1
            return wrapped
        }
        let lines = blocks.reversed().flatMap(\.self)
        Paragraph(lines: Array(lines.suffix(area.height))).render(in: &surface, area: place)
        surface.scrollbar(
            x: area.maxX - 1, area: area, first: max(0, rows.count - view.scroll - area.height), count: rows.count)
    }

    /// All of a message, which may have several lines, in rows of that width.
    private static func whole(_ line: TextLine, to width: Int) -> [TextLine] {
        var lines = [TextLine()]
        for run in line.runs {
            let parts = run.text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            for (number, part) in parts.enumerated() {
                if number > 0 { lines.append(TextLine()) }
                lines[lines.count - 1].runs.append(TextLine.Run(text: String(part), style: run.style))
            }
        }
        return lines.flatMap { Paragraph.wrapped($0, to: width) }
    }

    /// Cells for the workers' names: for the longest one that is there, in a sixth of the pane; 0 where it is narrow.
    private static func nameWidth(_ rows: [LogRow], in width: Int) -> Int {
        guard width >= 60 else { return 0 }
        let longest = Set(rows.map(\.worker)).map { WorkerName.short($0).cellWidth }.max() ?? 0
        return min(longest, width / 6)
    }

    private func text(of row: LogRow, names: Int, context: PanelContext) -> TextLine {
        let time = context.clock(at: row.time)
        let worker = WorkerName.short(row.worker).padded(to: names, ellipsis: context.glyphs.ellipsis)
        let role = row.level.role
        // A narrow pane has no room for a word that says nothing.
        let mark = names == 0 && row.level == .info ? "" : row.level.mark.padded(to: 6)
        let line = TextLine(time + " ", .dim)
            .appending(names > 0 ? worker + " " : "", .accent)
            .appending(mark, role)
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
