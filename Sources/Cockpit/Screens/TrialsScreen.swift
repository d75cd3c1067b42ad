import Protocol
import Store

/// Where the parts of the trials list lie.
struct TrialsLayout: Equatable, Sendable {
    let header: Rect
    let list: Rect
    /// The rows of the table, without its header.
    let table: Rect
    let preview: Rect
    let footer: Rect
    /// The first trial shown.
    let firstRow: Int

    init(state: AppState) {
        let bounds = Rect(state.size)
        let (header, below) = bounds.splitTop(1)
        let (body, footer) = below.splitBottom(1)
        let rows = state.trials.visible
        // A short list leaves its room to the preview, a long one takes up to three fifths.
        let wanted = max(min(8, body.height), min(rows.count + 4, body.height * 3 / 5))
        let (list, preview) = body.splitTop(body.height >= 18 ? wanted : body.height)
        self.header = header
        self.footer = footer
        self.list = list
        self.preview = preview
        table = list.inset(by: 1).splitTop(1).rest
        let selected = rows.firstIndex { $0.id == state.trials.selectedItem?.id }
        firstRow = ScrollWindow.first(previous: 0, selection: selected, count: rows.count, height: table.height)
    }
}

/// The list of all trials with a preview of the selected one; without any trial, a welcome.
struct TrialsScreen {
    let state: AppState
    let wall: Int64

    func render(in surface: inout Surface) {
        let layout = TrialsLayout(state: state)
        header(layout.header, in: &surface)
        FooterLine(state: state).render(in: &surface, area: layout.footer)
        guard let items = state.trials.items else {
            let text = state.trials.failure ?? "reading the trials…"
            surface.write(text, x: 2, y: 2, role: state.trials.failure == nil ? .dim : .logError)
            return
        }
        guard !items.isEmpty else {
            Welcome().render(in: &surface, area: Rect(x: 0, y: 1, width: surface.width, height: surface.height - 2))
            return
        }
        list(layout, in: &surface)
        if !layout.preview.isEmpty { TrialPreview(state: state, wall: wall).render(in: &surface, area: layout.preview) }
    }

    private func header(_ area: Rect, in surface: inout Surface) {
        let items = state.trials.items ?? []
        let alive = items.count { !$0.status.isTerminal }
        var pieces = [HeaderLine.brand, HeaderLine.Piece(TextLine("Trials", .title, .bold))]
        if !items.isEmpty {
            pieces.append(HeaderLine.Piece(TextLine("\(items.count) in all, \(alive) alive", .dim), 1))
        }
        var trailing = TextLine()
        if state.isFrozen { trailing = trailing.appending("FROZEN  ", .statusPaused, .bold) }
        HeaderLine(
            pieces: pieces, trailing: trailing.appending(Format.clockMinutes(wall, offset: state.utcOffset), .dim)
        )
        .render(in: &surface, area: area)
    }

    private func list(_ layout: TrialsLayout, in surface: inout Surface) {
        let rows = state.trials.visible
        let filter = state.trials.filter.isEmpty ? "" : "   filter: \(state.trials.filter)"
        let inside = surface.box(
            layout.list, title: "Trials \(rows.count)\(filter)",
            trailing: "sort: \(state.trials.order.title) \(surface.glyphs.descending)",
            focus: .focused)
        let selected = state.trials.selectedItem?.id
        Table(
            columns: Self.columns, rows: rows.map { row(of: $0, glyphs: surface.glyphs) },
            selection: rows.firstIndex { $0.id == selected }, firstRow: layout.firstRow
        ).render(in: &surface, area: inside)
        if rows.isEmpty {
            surface.write("no trial matches; esc clears the filter", x: inside.x + 2, y: inside.y + 2, role: .dim)
        }
        surface.scrollbar(x: layout.list.maxX - 1, area: layout.table, first: layout.firstRow, count: rows.count)
    }

    private static let columns: [Table.Column] = [
        Table.Column(title: "", width: 1),
        Table.Column(title: "trial", width: 14, grows: true),
        Table.Column(title: "experiment", width: 12),
        Table.Column(title: "status", width: 9),
        Table.Column(title: "step", width: 7, alignment: .trailing),
        Table.Column(title: "%", width: 4, alignment: .trailing, priority: 3),
        Table.Column(title: "reward", width: 7, alignment: .trailing, priority: 1),
        Table.Column(title: "accuracy", width: 8, alignment: .trailing, priority: 4),
        Table.Column(title: "loss", width: 7, alignment: .trailing, priority: 6),
        Table.Column(title: "KL ref", width: 7, alignment: .trailing, priority: 7),
        Table.Column(title: "tok/s", width: 6, alignment: .trailing, priority: 8),
        Table.Column(title: "started", width: 7, alignment: .trailing, priority: 5),
        Table.Column(title: "took", width: 6, alignment: .trailing, priority: 2),
    ]

    private func row(of item: TrialItem, glyphs: Glyphs) -> Table.Row {
        let share = Format.hundredths(item.step, of: item.totalSteps)
        let end = item.status.isTerminal ? max(item.updatedWall, item.startedWall) : wall
        return Table.Row([
            TextLine(String(item.status.glyph(in: glyphs)), item.status.role),
            TextLine(item.id.trial.description, .foreground, .bold),
            TextLine(item.id.experiment.description, .dim),
            TextLine(item.status.rawValue, item.status.role),
            TextLine(item.step > 0 ? Format.step(item.step) : "-"),
            TextLine(share.map(String.init) ?? "-", .dim),
            value(item, "reward"), value(item, "accuracy"), value(item, "loss"), value(item, "kl_ref"),
            item.tokenRate.map { TextLine(ShortNumber.text($0)) } ?? TextLine("-", .dim),
            TextLine(
                item.startedWall > 0 ? Format.moment(item.startedWall, now: wall, offset: state.utcOffset) : "-", .dim),
            TextLine(item.startedWall > 0 ? Format.duration(end - item.startedWall) : "-", .dim),
        ])
    }

    /// The last value of the best-ranked series whose name ends so.
    private func value(_ item: TrialItem, _ name: String) -> TextLine {
        let keys = item.last.keys.filter { $0 == name || $0.hasSuffix("/\(name)") || $0.hasSuffix("_\(name)") }
        guard let key = MetricOrder.ranked(Array(keys)).first, let value = item.last[key] else {
            return TextLine("-", .dim)
        }
        return TextLine(ShortNumber.text(value), value.isFinite ? .foreground : .logError)
    }
}

extension TrialItem {
    /// Tokens a second as the header of its run has them; nil where no step is being done.
    fileprivate var tokenRate: Double? {
        guard status.isAtWork else { return nil }
        let rate = last[MetricName.generatedTokensPerSecond.rawValue] ?? last[MetricName.tokensPerSecond.rawValue]
        return rate.flatMap { $0.isFinite ? $0 : nil }
    }
}

/// The selected trial below the list: settings, workers, and its most telling curves.
struct TrialPreview {
    let state: AppState
    let wall: Int64

    func render(in surface: inout Surface, area: Rect) {
        guard let item = state.trials.selectedItem else { return }
        let (area, charts) = area.splitBottom(
            area.height >= 17 ? min(max(12, area.height / 2), area.height - 9) : 0)
        if !charts.isEmpty { self.charts(in: &surface, area: charts) }
        let parts = area.columns(
            area.width >= 100 ? [.fraction(0.62), .fraction(0.38)] : [.fraction(0.5), .fraction(0.5)])
        let left = surface.box(parts[0], title: "\(item.id)").inset(horizontal: 1, vertical: 0)
        let facts = Paragraph.counted(facts(item, width: left.width, glyphs: surface.glyphs), height: left.height)
        Paragraph(lines: facts).render(in: &surface, area: left)
        let right = surface.box(parts[1], title: "last values").inset(horizontal: 1, vertical: 0)
        curves(in: &surface, area: right, item: item)
    }

    /// The most telling curves, large, where the list leaves room.
    private func charts(in surface: inout Surface, area: Rect) {
        guard let preview else {
            surface.box(area, title: "Metrics")
            return
        }
        var run = RunView(id: preview.header.id)
        run.snapshot = preview
        let context = PanelContext(run: run, snapshot: preview, utcOffset: state.utcOffset, glyphs: surface.glyphs)
        let count = min(max(1, area.width / 40), 3)
        ChartsPanel().draw(
            in: &surface, boxes: area.columns((0..<count).map { _ in .minimum(10) }),
            page: 0..<min(count, run.metrics.count),
            context: context, focus: .unfocused)
    }

    private var preview: RunSnapshot? {
        state.trials.preview?.header.id == state.trials.selectedItem?.id ? state.trials.preview : nil
    }

    private func facts(_ item: TrialItem, width: Int, glyphs: Glyphs) -> [TextLine] {
        var lines: [TextLine] = []
        let mark = String(item.status.glyph(in: glyphs))
        var status = TextLine("\(mark) \(item.status.rawValue)", item.status.role, .bold)
        if item.status == .lost {
            status = status.appending("  its orchestrator is gone; R resumes it", .dim)
        } else if !item.statusDetail.isEmpty {
            let reason = FailureReport.cause(in: item.statusDetail)
            status = status.appending("  \(reason)", item.status == .failed ? .logError : .dim)
        }
        lines.append(status)
        if let notice = item.notice { lines.append(TextLine("! \(notice)", .logError)) }
        lines.append(
            fact("workers", item.totalWorkers > 0 ? "\(item.runningWorkers) of \(item.totalWorkers) running" : "-")
                .appending(
                    item.restarts > 0 ? "   \(item.restarts) restart\(item.restarts == 1 ? "" : "s")" : "", .logWarning)
        )
        guard let preview else { return lines }
        if item.status == .running, let left = TimeLeft(preview) {
            lines.append(fact("ends", left.text(utcOffset: state.utcOffset)))
        }
        if let rows = preview.value(of: .rowsLeftOut), rows > 0 {
            lines.append(
                fact("left out", "\(ShortNumber.grouped(Int(rows))) \(rows == 1 ? "row" : "rows") of the dataset"))
        }
        lines.append(fact("MFCs", preview.header.lanes.map(\.mfc).joined(separator: " → ")))
        if let last = preview.checkpoints.last {
            lines.append(fact("saved", "step \(Format.step(last.step))  \(last.role)"))
        }
        return lines + settings(of: preview.header, width: width)
    }

    /// First what is not at the experiment's default: that tells this trial from the next one.
    private func settings(of header: RunHeader, width: Int) -> [TextLine] {
        let known = state.experiments.first { $0.name == header.id.experiment.description }?.settings ?? []
        let usual = Set(known.filter { header.settings[$0.path].map($0.isDefault) ?? false }.map(\.path))
        func text(_ paths: [String]) -> String {
            paths.map { "\($0)=\(header.settings[$0] ?? "")" }.joined(separator: "  ")
        }
        let paths = header.settings.keys.sorted()
        let changed = text(paths.filter { !usual.contains($0) })
        func hanging(_ name: String, _ text: TextLine) -> [TextLine] {
            Paragraph.hanging(TextLine(name.padded(to: 10), .dim), text, to: width)
        }
        guard !known.isEmpty else { return hanging("settings", TextLine(changed)) }
        return hanging("changed", TextLine(changed.isEmpty ? "nothing, all settings are the defaults" : changed))
            + hanging("defaults", TextLine(text(paths.filter(usual.contains)), .dim))
    }

    private func fact(_ name: String, _ value: String) -> TextLine {
        TextLine(name.padded(to: 10), .dim).appending(value)
    }

    private func curves(in surface: inout Surface, area: Rect, item: TrialItem) {
        let keys = Array(MetricOrder.ranked(Array(item.last.keys)).prefix(area.height))
        let names = keys.map { SeriesName.short($0, among: keys) }
        let width = min(max(17, area.width / 2), names.map(\.cellWidth).max() ?? 0)
        for (row, (key, name)) in zip(keys, names).enumerated() {
            let y = area.y + row
            surface.write(name.padded(to: width, ellipsis: surface.glyphs.ellipsis), x: area.x, y: y, role: .dim)
            let value = ShortNumber.text(item.last[key] ?? .nan)
            surface.write(value, x: area.maxX - value.cellWidth, y: y, role: .foreground)
            guard let curve = preview?.curves[key] else { continue }
            let place = Rect(x: area.x + width + 1, y: y, width: area.width - width - value.cellWidth - 3, height: 1)
            let values = Smoothing.debiased(curve.columns[...], weight: 0.8).map(\.mean)
            Sparkline(values: values, role: .series(row)).render(in: &surface, area: place)
        }
        if keys.isEmpty { surface.write("no metric yet", x: area.x, y: area.y, role: .dim) }
    }
}

/// What a newcomer sees instead of an empty table.
struct Welcome {
    func render(in surface: inout Surface, area: Rect) {
        let lines: [TextLine] = [
            TextLine("cockpit", .accent, .bold).appending("  trains small language models and shows it live", .title),
            "",
            TextLine("No trial yet. A trial is one run of an experiment: a master worker and", .foreground),
            TextLine("model workers that generate, judge and train, on this machine.", .foreground),
            "",
            key("N", "launch a trial: choose an experiment, change what you like, ctrl-s"),
            key("?", "all keys of the screen you are on"),
            key(":", "everything by name"),
            key("q", "leave; trials go on without this window"),
            "",
            TextLine("From a shell, the same:", .dim),
            TextLine("   cockpit start -e grpo-arith -f first", .foreground),
            TextLine("   cockpit experiments", .foreground).appending("                    what there is to run", .dim),
            TextLine("   scripts/demo", .foreground).appending(
                "                           learns to add, in minutes", .dim),
        ]
        let width = lines.map(\.cellWidth).max() ?? 0
        let place = area.centered(width: min(width + 6, area.width), height: min(lines.count + 2, area.height))
        let inside = surface.box(place, title: "welcome").inset(horizontal: 2, vertical: 0)
        Paragraph(lines: lines).render(in: &surface, area: inside)
    }

    private func key(_ key: String, _ text: String) -> TextLine {
        TextLine("   \(key)   ", .key, .bold).appending(text)
    }
}
