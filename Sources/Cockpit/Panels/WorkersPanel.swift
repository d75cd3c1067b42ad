import Protocol
import Store

/// The worker processes of the trial, one row each.
struct WorkersPanel: Panel {
    let id = PaneID.workers
    let minimum = Size(width: 30, height: 1)

    func title(_ context: PanelContext) -> String {
        let filter = context.run.workers.filter
        return "Workers \(context.run.visibleWorkers.count)" + (filter.isEmpty ? "" : "  / \(filter)")
    }

    func trailing(_ context: PanelContext) -> String { "6" }

    func render(in surface: inout Surface, area: Rect, context: PanelContext) {
        let rows = context.run.visibleWorkers
        guard !rows.isEmpty else {
            surface.write("no worker has reported yet", x: area.x + 1, y: area.y, role: .dim)
            return
        }
        if area.height > rows.count {
            table(rows, context: context).render(in: &surface, area: area)
        } else {
            folded(rows, in: &surface, area: area, context: context)
        }
    }

    /// Too little room for all: problems first, then as many as fit, then how many more there are. No header.
    private func folded(_ rows: [WorkerRow], in surface: inout Surface, area: Rect, context: PanelContext) {
        let selected = context.run.selectedWorker?.id
        let ordered =
            rows.filter(\.state.isProblem) + rows.filter { !$0.state.isProblem && $0.id == selected }
            + rows.filter { !$0.state.isProblem && $0.id != selected }
        let fits = ordered.count <= area.height ? ordered.count : max(1, area.height - 1)
        var folded = table(Array(ordered.prefix(fits)), context: context)
        // The header scrolls out above the clip.
        let body = Rect(x: area.x, y: area.y - 1, width: area.width, height: fits + 1)
        folded.selection = ordered.firstIndex { $0.id == selected }
        folded.render(in: &surface, area: body)
        let hidden = ordered.dropFirst(fits)
        guard !hidden.isEmpty, area.height > fits else { return }
        let words = Dictionary(grouping: hidden, by: \.state.rawValue).map { "\($0.value.count) \($0.key)" }.sorted()
        surface.write("   + \(words.joined(separator: ", "))", x: area.x, y: area.y + fits, role: .dim)
    }

    private func table(_ rows: [WorkerRow], context: PanelContext) -> Table {
        Table(
            columns: Self.columns,
            rows: rows.map { row(of: $0, context: context) },
            selection: rows.firstIndex { $0.id == context.run.selectedWorker?.id },
            firstRow: 0)
    }

    private static let columns: [Table.Column] = [
        Table.Column(title: "", width: 1),
        Table.Column(title: "id", width: 9),
        Table.Column(title: "role", width: 12, priority: 5),
        Table.Column(title: "state", width: 9),
        Table.Column(title: "doing", width: 12, grows: true),
        Table.Column(title: "step", width: 5, alignment: .trailing, priority: 4),
        Table.Column(title: "ver", width: 4, alignment: .trailing, priority: 7),
        Table.Column(title: "cpu", width: 5, alignment: .trailing, priority: 2),
        Table.Column(title: "rss", width: 5, alignment: .trailing, priority: 3),
        Table.Column(title: "rst", width: 3, alignment: .trailing, priority: 8),
        Table.Column(title: "pid", width: 7, alignment: .trailing, priority: 9),
        Table.Column(title: "hb", width: 5, alignment: .trailing, priority: 1),
    ]

    private func row(of worker: WorkerRow, context: PanelContext) -> Table.Row {
        let sample = context.snapshot.devices.first { $0.worker == worker.id && !$0.isGPU }
        let roles = context.snapshot.header.lanes.filter { $0.worker == worker.id }.map(\.role)
        let doing =
            worker.state.isProblem && !worker.detail.isEmpty
            ? worker.detail : (worker.mfc.isEmpty ? (worker.state == .running ? "idle" : worker.detail) : worker.mfc)
        let age = context.snapshot.time - worker.time
        return Table.Row([
            TextLine(String(worker.state.glyph(in: context.glyphs)), worker.state.role),
            TextLine(WorkerName.short(worker.id), .foreground, .bold),
            TextLine(roles.isEmpty ? (worker.id.hasPrefix("master") ? "master" : "-") : Self.unique(roles), .dim),
            TextLine(worker.state.rawValue, worker.state.role),
            TextLine(doing, worker.state.isProblem ? .statusFailed : .foreground),
            TextLine(worker.step > 0 ? "\(worker.step)" : "-"),
            TextLine(worker.weightVersion > 0 ? "\(worker.weightVersion)" : "-", .dim),
            TextLine(sample.map { Format.percent($0.utilisation) } ?? "-"),
            TextLine(sample.map { Format.bytes($0.memoryUsed) } ?? "-"),
            TextLine(worker.restarts > 0 ? "\(worker.restarts)" : "-", worker.restarts > 0 ? .logWarning : .dim),
            TextLine(worker.pid > 0 ? "\(worker.pid)" : "-", .dim),
            TextLine(worker.state.isTerminal ? "-" : Format.duration(age), age > 5_000_000_000 ? .logWarning : .dim),
        ])
    }

    private static func unique(_ words: [String]) -> String {
        var seen: [String] = []
        for word in words where !seen.contains(word) { seen.append(word) }
        return seen.joined(separator: "+")
    }
}
