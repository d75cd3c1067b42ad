import Protocol
import Store

/// What a worker does at the playhead, in words: its call, whom it waits for, or how it ended.
struct WorkerActivity: Equatable, Sendable {
    enum Kind: Sendable {
        case busy
        case waiting
        case ended
        case problem
    }

    var kind: Kind
    var text: String

    init(of worker: WorkerRow, in snapshot: RunSnapshot, status: TrialStatus) {
        self = Self.activity(of: worker, in: snapshot, status: status)
    }

    private init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }

    private static func activity(
        of worker: WorkerRow, in snapshot: RunSnapshot, status: TrialStatus
    ) -> WorkerActivity {
        let detail = worker.detail.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        let step = worker.step > 0 ? " at step \(Format.step(worker.step))" : ""
        if status == .lost, !worker.state.isTerminal { return WorkerActivity(.ended, "gone with its orchestrator") }
        switch worker.state {
        case .completed: return WorkerActivity(.ended, "done\(step)")
        case .stopped: return WorkerActivity(.ended, detail.isEmpty ? "stopped\(step)" : detail)
        case .failed: return WorkerActivity(.problem, detail.isEmpty ? "failed\(step)" : detail)
        case .stalled, .restarting: return WorkerActivity(.problem, detail)
        case .starting: return WorkerActivity(.busy, "starts")
        case .ready: return WorkerActivity(.busy, "reads its data")
        case .configured: return WorkerActivity(.waiting, "waits for the others to be ready")
        case .paused: return WorkerActivity(.waiting, "waits for P to go on")
        case .stopping, .running: break
        }
        // Spans that the death of an earlier attempt left open are none of this one.
        let open = snapshot.spans.filter { $0.end == nil && $0.attempt == snapshot.attempt }
        if let own = open.last(where: { $0.worker == worker.id }) { return WorkerActivity(.busy, call(own)) }
        if worker.state == .stopping { return WorkerActivity(.busy, "leaves") }
        var others: [String] = []
        for span in open where span.worker != worker.id {
            let name = call(span)
            if !others.contains(name) { others.append(name) }
        }
        if others.isEmpty { others = [worker.id == WorkerID.master.description ? "a reply" : "the master"] }
        return WorkerActivity(.waiting, "waits for \(others.joined(separator: ", "))")
    }

    /// A span as something that is being done.
    static func call(_ span: SpanRow) -> String {
        let name = span.mfc.isEmpty ? "\(span.interfaceType) \(span.role)" : span.mfc
        switch SpanPhase(rawValue: span.phase) {
        case .before(.dataTransfer), .after(.dataTransfer): return "\(name): moves data"
        case .before(.save), .after(.save): return "\(name): saves \(span.role)"
        case .before(.evaluate), .after(.evaluate): return "\(name): evaluates"
        case .main, nil: return name
        }
    }
}
