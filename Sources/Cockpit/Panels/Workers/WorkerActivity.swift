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
    /// Nanoseconds for which it has done so; nil where its calls do not tell.
    var length: Int64?
    /// The step that it works on or worked on last: calls tell that sooner than heartbeats do.
    var step: Int

    init(of worker: WorkerRow, in snapshot: RunSnapshot, status: TrialStatus) {
        let calls = Calls(of: worker, in: snapshot)
        step = max(worker.step, calls.step)
        kind = .ended
        text = ""
        let since = describe(worker, calls: calls, status: status)
        length = since.map { max(0, snapshot.time - $0) }
    }

    /// The calls of the attempt that runs, as one worker sees them.
    ///
    /// Spans that the death of an earlier attempt left open are none of this one.
    private struct Calls {
        let isMaster: Bool
        /// The one that it is in.
        var own: SpanRow?
        /// Those that others are in.
        var others: [SpanRow] = []
        /// Whether nothing is heard of it.
        let isSilent: Bool
        /// Another worker that nothing is heard of.
        let silent: String?
        /// Whether somebody else is in a call, or silent.
        var othersAreAwaited: Bool { !others.isEmpty || silent != nil }
        /// When it last came out of one; the master is in all of them.
        var ended: Int64?
        /// The newest step among them; 0 for none.
        var step = 0

        init(of worker: WorkerRow, in snapshot: RunSnapshot) {
            isMaster = worker.id == WorkerID.master.description
            isSilent = snapshot.time - worker.time > WorkersPanel.silence
            silent = snapshot.workers.first { $0.state == .stalled && $0.id != worker.id }?.id
            // The step that is done was the master's.
            if isMaster { step = snapshot.step }
            for span in snapshot.spans where span.attempt == snapshot.attempt {
                let isOwn = span.worker == worker.id
                if isOwn || isMaster { step = max(step, span.step) }
                if let end = span.end {
                    if isOwn || isMaster { ended = max(ended ?? end, end) }
                } else if isOwn {
                    own = span
                } else {
                    others.append(span)
                }
            }
        }
    }

    /// Says what it does.
    /// - Returns: since when, nanoseconds after the run's start.
    private mutating func describe(_ worker: WorkerRow, calls: Calls, status: TrialStatus) -> Int64? {
        let detail = worker.detail.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        let place = step > 0 ? " at step \(Format.step(step))" : ""
        if status == .lost, !worker.state.isTerminal {
            (kind, text) = (.ended, "gone with its orchestrator")
            return nil
        }
        switch worker.state {
        case .completed: (kind, text) = (.ended, "done\(place)")
        case .stopped: (kind, text) = (.ended, detail.isEmpty ? "stopped\(place)" : detail)
        case .failed: (kind, text) = (.problem, detail.isEmpty ? "failed\(place)" : detail)
        case .restarting: (kind, text) = (.problem, detail)
        case .stalled:
            (kind, text) = (.problem, detail)
            // One that beats is stuck in its call; of another nothing was heard since.
            return calls.isSilent ? worker.time : calls.own?.start
        case .starting: (kind, text) = (.busy, "starts")
        case .ready: (kind, text) = (.busy, "reads its data")
        case .configured: (kind, text) = (.waiting, "waits for the others to be ready")
        case .paused: (kind, text) = (.waiting, "waits for P to go on")
        case .stopping where calls.own == nil && !(calls.isMaster && calls.othersAreAwaited):
            (kind, text) = (.busy, "leaves")
        case .stopping, .running: return describe(calls, status: status)
        }
        return nil
    }

    /// Between two calls nobody need be at work: only where somebody is, it is known who is waited for.
    private mutating func describe(_ calls: Calls, status: TrialStatus) -> Int64? {
        if let own = calls.own {
            (kind, text) = (.busy, Self.call(own))
            return own.start
        }
        kind = .waiting
        guard !calls.others.isEmpty else {
            let moment = step > 0 ? "between calls" : "before its first call"
            let silent = calls.silent.map { "waits for \(WorkerName.short($0)), which is silent" }
            text = status == .paused ? "waits for P to go on" : silent ?? moment
            return calls.ended
        }
        var names: [String] = []
        for span in calls.others {
            let name = calls.isMaster ? "\(WorkerName.short(span.worker)): \(Self.call(span))" : Self.call(span)
            if !names.contains(name) { names.append(name) }
        }
        text = "waits for \(names.joined(separator: ", "))"
        // The master has nothing else to do since the first of them began.
        return calls.isMaster ? calls.others.map(\.start).min() : calls.ended
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
