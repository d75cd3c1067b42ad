import Protocol
import Store

/// The worker processes of the trial, one row each.
struct WorkersPanel: Panel {
    let traits = PanelTraits(id: .workers, placement: .list, scope: .workers, minimum: Size(width: 30, height: 1))

    func title(_ context: PanelContext) -> String {
        let filter = context.run.workers.filter
        return "Workers \(context.run.visibleWorkers.count)" + (filter.isEmpty ? "" : "  / \(filter)")
    }

    func render(in surface: inout Surface, area: Rect, context: PanelContext) {
        let rows = context.run.visibleWorkers
        guard !rows.isEmpty else {
            surface.write("no worker has reported yet", x: area.x + 1, y: area.y, role: .dim)
            return
        }
        if area.height > rows.count || area.height == 1 {
            let table = table(rows, context: context)
            table.render(in: &surface, area: area)
            let below = area.splitTop(rows.count + 1).rest
            let place = below.splitTop(below.height > 2 ? 1 : 0).rest.inset(horizontal: 3, vertical: 0)
            let cut = Self.cutTexts(of: table, width: area.width).flatMap { Paragraph.wrapped($0, to: place.width) }
            Paragraph(lines: cut).render(in: &surface, area: place)
            calls(in: &surface, area: place.splitTop(cut.isEmpty ? 0 : cut.count + 1).rest, context: context)
        } else {
            folded(rows, in: &surface, area: area, context: context)
        }
    }

    func table(_ rows: [WorkerRow], context: PanelContext) -> Table {
        Table(
            columns: Self.columns,
            rows: rows.map { row(of: $0, context: context) },
            selection: rows.firstIndex { $0.id == context.run.selectedWorker?.id },
            firstRow: 0)
    }

    /// What workers do, whole, of those whose column has no room for it.
    private static func cutTexts(of table: Table, width: Int) -> [TextLine] {
        let places = columns.indices.filter { ["id", "doing"].contains(columns[$0].title) }
        guard let name = places.first, let doing = places.last,
            let room = table.visibleColumns(width: width - table.gutter).first(where: { $0.index == doing })?.width
        else { return [] }
        return table.rows.filter { $0.cells[doing].cellWidth > room }.map { row in
            row.cells[name].appending("  ") + row.cells[doing]
        }
    }

    private static let columns: [Table.Column] = [
        Table.Column(title: "", width: 1),
        Table.Column(title: "id", width: 9),
        Table.Column(title: "role", width: 12, priority: 7),
        Table.Column(title: "state", width: 9),
        Table.Column(title: "doing", width: 22, grows: true),
        Table.Column(title: "for", width: 5, alignment: .trailing, priority: 4),
        Table.Column(title: "at", width: 5, alignment: .trailing, priority: 5),
        Table.Column(title: "ver", width: 4, alignment: .trailing, priority: 6),
        Table.Column(title: "last call", width: 24, priority: 10),
        Table.Column(title: "cpu", width: 5, alignment: .trailing, priority: 2),
        Table.Column(title: "rss", width: 5, alignment: .trailing, priority: 3),
        Table.Column(title: "rst", width: 3, alignment: .trailing, priority: 8),
        Table.Column(title: "pid", width: 7, alignment: .trailing, priority: 9),
        Table.Column(title: "hb", width: 5, alignment: .trailing, priority: 1),
    ]

    private func row(of worker: WorkerRow, context: PanelContext) -> Table.Row {
        let sample = context.snapshot.devices.first { $0.worker == worker.id && !$0.isGPU }
        let roles = context.snapshot.header.lanes.filter { $0.worker == worker.id }.map(\.role)
        let doing = WorkerActivity(of: worker, in: context.snapshot, status: context.run.status)
        let state = context.run.state(of: worker)
        let hasEnded = doing.kind == .ended || state.isTerminal || context.run.status.isTerminal
        return Table.Row([
            TextLine(String(state.glyph(in: context.glyphs)), state.role),
            TextLine(WorkerName.short(worker.id), .foreground, .bold),
            TextLine(roles.isEmpty ? (worker.id.hasPrefix("master") ? "master" : "-") : Self.unique(roles), .dim),
            TextLine(state.rawValue, state.role),
            TextLine(doing.text, doing.kind.role),
            TextLine(hasEnded ? "-" : doing.length.map { Format.age($0 + context.run.silence) } ?? "-", .dim),
            TextLine(doing.step > 0 ? Format.step(doing.step) : "-"),
            TextLine(worker.weightVersion > 0 ? "\(worker.weightVersion)" : "-", .dim),
            TextLine(lastCall(of: worker, in: context.snapshot), .dim),
            TextLine(hasEnded ? "-" : sample.map { Format.percent($0.utilisation) } ?? "-"),
            TextLine(hasEnded ? "-" : sample.map { Format.bytes($0.memoryUsed) } ?? "-"),
            TextLine(worker.restarts > 0 ? "\(worker.restarts)" : "-", worker.restarts > 0 ? .logWarning : .dim),
            TextLine(worker.pid > 0 && !hasEnded ? "\(worker.pid)" : "-", .dim),
            hasEnded ? TextLine("-", .dim) : heartbeat(of: worker, context: context),
        ])
    }

    /// How long ago its last heartbeat was; a recording keeps what workers did and not every beat.
    private func heartbeat(of worker: WorkerRow, context: PanelContext) -> TextLine {
        guard !context.run.transport.isReplay else { return TextLine("-", .dim) }
        let age = max(0, context.snapshot.time - worker.time) + context.run.silence
        return TextLine(Format.age(age), age > Self.silence ? .logWarning : .dim)
    }

    /// Workers beat twice a second, and what they say is written down once a second.
    static let silence: Int64 = 3_000_000_000

    private static func unique(_ words: [String]) -> String {
        var seen: [String] = []
        for word in words where !seen.contains(word) { seen.append(word) }
        return seen.joined(separator: "+")
    }
}

extension WorkerActivity.Kind {
    var role: Role {
        switch self {
        case .busy: .foreground
        case .waiting, .ended: .dim
        case .problem: .statusFailed
        }
    }
}

extension PaneID {
    static let workers = PaneID("workers")
}
