import Protocol
import Store

/// Choosing a worker, and going to its log.
extension WorkersPanel {
    func handle(_ action: ActionID, in state: inout AppState, area: Rect) {
        guard var run = state.run else { return }
        let last = max(0, run.visibleWorkers.count - 1)
        func move(_ places: Int) { run.workers.selected = min(max(0, run.workers.selected + places), last) }
        switch action {
        case .up: move(-1)
        case .down: move(1)
        case .pageUp: move(-10)
        case .pageDown: move(10)
        case .top: move(-last)
        case .bottom: move(last)
        case .enter:
            run.logs.worker = run.selectedWorker?.id
            run.logs.scroll = 0
            run.focus = .logs
        default: break
        }
        state.run = run
    }

    func filter(in run: RunView) -> String? { run.workers.filter }

    func setFilter(_ text: String, in run: inout RunView) {
        run.workers.filter = text
        run.workers.selected = 0
    }

    func selection(in run: RunView) -> String? {
        run.selectedWorker.map { "\($0.id) pid \($0.pid) \($0.state.rawValue) \($0.detail)" }
    }
}
