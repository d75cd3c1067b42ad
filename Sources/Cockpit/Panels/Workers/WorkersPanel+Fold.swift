import Protocol
import Store

/// Where there is too little room for a row each.
extension WorkersPanel {
    /// The header, as many workers as fit, and in the last line what the others do, counted. Those that are in trouble come
    /// first and then those that are at work; while the panel has the focus the selected one has a row too.
    func folded(_ rows: [WorkerRow], in surface: inout Surface, area: Rect, context: PanelContext) {
        let fits = max(1, area.height - 2)
        let folds = rows.map { Fold(of: $0, context: context) }
        var order = rows.indices.sorted { (folds[$0].rank, $0) < (folds[$1].rank, $1) }
        let selected = context.run.focus == .workers ? context.run.selectedWorker?.id : nil
        if let place = order.firstIndex(where: { rows[$0].id == selected }), place >= fits {
            let index = order.remove(at: place)
            order.insert(index, at: fits - 1)
        }
        let shown = table(order.prefix(fits).map { rows[$0] }, context: context)
        shown.render(in: &surface, area: Rect(x: area.x, y: area.y, width: area.width, height: fits + 1))
        let hidden = order.dropFirst(fits).map { folds[$0] }
        guard !hidden.isEmpty, area.height > fits + 1 else { return }
        let line = TextLine("   + \(Fold.counts(hidden))", .dim)
        surface.write(line, x: area.x, y: area.y + fits + 1, maxWidth: area.width)
    }

    /// What is said of a worker that has no row.
    private struct Fold {
        /// What matters most has the lowest.
        let rank: Int
        let words: String

        init(of worker: WorkerRow, context: PanelContext) {
            let doing = WorkerActivity(of: worker, in: context.snapshot, status: context.run.status)
            let state = context.run.state(of: worker)
            switch doing.kind {
            case .problem: (rank, words) = (0, state.rawValue)
            case .busy: (rank, words) = (1, doing.text)
            case .waiting: (rank, words) = (2, doing.text)
            // How each of them ended has no room; that it did has.
            case .ended: (rank, words) = (3, state.rawValue)
            }
        }

        /// `1 failed, 4 actor_gen, 9 wait for actor_gen`.
        static func counts(_ folds: [Fold]) -> String {
            let groups = Dictionary(grouping: folds, by: \.words).values.sorted { left, right in
                (left[0].rank, -left.count, left[0].words) < (right[0].rank, -right.count, right[0].words)
            }
            return groups.map { group in
                let words = group[0].words
                let isPlural = group.count > 1 && words.hasPrefix("waits ")
                return "\(group.count) \(isPlural ? "wait " + words.dropFirst(6) : words)"
            }.joined(separator: ", ")
        }
    }
}
