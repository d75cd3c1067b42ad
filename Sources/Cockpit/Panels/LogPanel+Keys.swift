import Protocol
import Store

/// Scrolling, and choosing what is shown.
extension LogPanel {
    func handle(_ action: ActionID, in state: inout AppState, area: Rect) {
        guard var run = state.run else { return }
        let last = max(0, run.visibleLogs.count - 1)
        func scroll(_ places: Int) { run.logs.scroll = min(max(0, run.logs.scroll + places), last) }
        switch action {
        case .up: scroll(1)
        case .down: scroll(-1)
        case .pageUp: scroll(10)
        case .pageDown: scroll(-10)
        case .top: scroll(last)
        case .bottom, .follow: run.logs.scroll = 0
        case .wrap: run.logs.wraps.toggle()
        case .level:
            let levels = LogLevel.allCases
            let index = levels.firstIndex(of: run.logs.level) ?? 0
            run.logs.level = levels[(index + 1) % levels.count]
        case .chooseWorker:
            let workers = run.snapshot?.workers.map(\.id) ?? []
            let index = run.logs.worker.flatMap(workers.firstIndex)
            run.logs.worker = index.map { $0 + 1 < workers.count ? workers[$0 + 1] : nil } ?? workers.first
            if let index, index + 1 >= workers.count { run.logs.worker = nil }
        default: break
        }
        state.run = run
    }

    func filter(in run: RunView) -> String? { run.logs.filter }

    func setFilter(_ text: String, in run: inout RunView) {
        run.logs.filter = text
        run.logs.scroll = 0
    }

    func selection(in run: RunView) -> String? {
        run.visibleLogs.dropLast(run.logs.scroll).last.map { "\($0.worker) \($0.level.rawValue) \($0.message)" }
    }
}
