import Protocol
import Store

/// What workers have done, where there is room to tell it.
extension WorkersPanel {
    /// The call that a worker came out of last, and how long it took.
    func lastCall(of worker: WorkerRow, in snapshot: RunSnapshot) -> String {
        let last = snapshot.spans.last {
            $0.worker == worker.id && $0.end != nil && !$0.isCut && $0.phase == SpanPhase.main.rawValue
        }
        guard let last, let end = last.end else { return "-" }
        return "\(WorkerActivity.call(last)) \(Format.preciseDuration(end - last.start))"
    }

    /// The newest calls of the selected worker, below the table; the master's are those of everybody.
    func calls(in surface: inout Surface, area: Rect, context: PanelContext) {
        guard area.height >= Self.leastRows, let worker = context.run.selectedWorker else { return }
        let isMaster = worker.id == WorkerID.master.description
        let newest = context.snapshot.spans.lazy.reversed().filter { isMaster || $0.worker == worker.id }
        let spans = Array(newest.prefix(area.height - 2))
        guard !spans.isEmpty else { return }
        let whose = isMaster ? "all workers" : WorkerName.short(worker.id)
        surface.write(TextLine("calls of \(whose), the newest first", .dim), x: area.x, y: area.y, maxWidth: area.width)
        let body = area.splitTop(1).rest
        let rows = spans.map { callRow($0, context: context) }
        Table(columns: Self.callColumns, rows: rows, selection: nil, gutter: 0)
            .render(in: &surface, area: body.splitLeft(Self.mostColumns).left)
    }

    /// A title, a header and two calls.
    private static let leastRows = 4
    /// Numbers that stand too far from their names cannot be read.
    private static let mostColumns = 100

    private static let callColumns: [Table.Column] = [
        Table.Column(title: "", width: 1),
        Table.Column(title: "began", width: 8),
        Table.Column(title: "call", width: 16, grows: true),
        Table.Column(title: "on", width: 8, priority: 4),
        Table.Column(title: "step", width: 5, alignment: .trailing),
        Table.Column(title: "took", width: 9, alignment: .trailing),
        Table.Column(title: "seqs", width: 5, alignment: .trailing, priority: 3),
        Table.Column(title: "tokens", width: 6, alignment: .trailing, priority: 1),
        Table.Column(title: "tok/s", width: 6, alignment: .trailing, priority: 2),
    ]

    private func callRow(_ span: SpanRow, context: PanelContext) -> Table.Row {
        let length = (span.end ?? context.snapshot.time) - span.start
        let seconds = span.end == nil ? 0 : Double(length) / 1e9
        let mark = span.isCut ? context.glyphs.failed : context.glyphs.done
        return Table.Row([
            span.end == nil
                ? TextLine(String(context.glyphs.running), .statusRunning) : TextLine(String(mark), .dim),
            TextLine(context.clock(at: span.start), .dim),
            TextLine(WorkerActivity.call(span)),
            TextLine(WorkerName.short(span.worker), .dim),
            TextLine(Format.step(span.step)),
            TextLine(Format.preciseDuration(length)),
            TextLine(span.sequences > 0 ? ShortNumber.text(Double(span.sequences)) : "-", .dim),
            TextLine(span.tokens > 0 ? ShortNumber.text(Double(span.tokens)) : "-", .dim),
            TextLine(span.tokens > 0 && seconds > 0 ? ShortNumber.text(Double(span.tokens) / seconds) : "-", .dim),
        ])
    }
}
