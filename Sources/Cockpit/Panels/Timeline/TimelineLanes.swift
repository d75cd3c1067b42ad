import Protocol
import Store

/// Sorts spans into the lanes of the timeline and measures them.
enum TimelineLanes {
    struct Lane: Equatable, Sendable {
        var label: String
        var worker: String
        /// In the order they began.
        var spans: [SpanRow]
    }

    /// A lane for each MFC in dataflow order, then one for each worker that did something outside of them.
    static func lanes(of snapshot: RunSnapshot) -> [Lane] {
        let planned = snapshot.header.lanes
        let known = Set(planned.map(\.mfc))
        var byMFC: [String: [SpanRow]] = [:]
        var byWorker: [String: [SpanRow]] = [:]
        for span in snapshot.spans {
            if known.contains(span.mfc) {
                byMFC[span.mfc, default: []].append(span)
            } else {
                byWorker[span.worker, default: []].append(span)
            }
        }
        func ordered(_ spans: [SpanRow]?) -> [SpanRow] {
            (spans ?? []).sorted { ($0.start, $0.id) < ($1.start, $1.id) }
        }
        let calls = planned.map { Lane(label: $0.mfc, worker: $0.worker, spans: ordered(byMFC[$0.mfc])) }
        let others = byWorker.keys.sorted().map {
            Lane(label: WorkerName.short($0), worker: $0, spans: ordered(byWorker[$0]))
        }
        return calls + others
    }

    /// The lanes' places with those of one worker together, workers in the order they first appear.
    static func byWorker(_ lanes: [Lane]) -> [Int] {
        var workers: [String] = []
        for lane in lanes where !workers.contains(lane.worker) { workers.append(lane.worker) }
        return workers.flatMap { worker in lanes.indices.filter { lanes[$0].worker == worker } }
    }

    /// The share of the window that is covered by at least one span; overlapping spans count once.
    ///
    /// `now` ends the spans that still run.
    static func busy(_ spans: [SpanRow], window: ClosedRange<Int64>, now: Int64) -> Double {
        let length = window.upperBound - window.lowerBound
        guard length > 0 else { return 0 }
        var covered: Int64 = 0
        var reached = window.lowerBound
        for (start, end) in spans.map({ ($0.start, $0.end ?? now) }).sorted(by: { $0.0 < $1.0 }) {
            let from = max(start, reached)
            let to = min(end, window.upperBound)
            guard to > from else { continue }
            covered += to - from
            reached = to
        }
        return Double(covered) / Double(length)
    }

    /// What a span shows as.
    static func kind(of span: SpanRow) -> SpanKind {
        switch SpanPhase(rawValue: span.phase) {
        case .before(.dataTransfer), .after(.dataTransfer): return .sync
        case .before(.save), .after(.save): return .save
        case .before(.evaluate), .after(.evaluate): return .evaluate
        case .main, nil: break
        }
        switch InterfaceType(rawValue: span.interfaceType) {
        case .generate: return .generate
        case .inference: return .inference
        case .trainStep: return .train
        case .evaluate: return .evaluate
        case nil: break
        }
        switch RequestHandle(rawValue: span.interfaceType) {
        case .initialize: return .initialize
        case .save: return .save
        default: return .sync
        }
    }

    /// The part of the run that the timeline shows.
    static func window(_ view: TimelineView, time: Int64) -> ClosedRange<Int64> {
        let end = max(1_000_000_000, time - view.offset)
        return max(0, end - view.window(at: time))...end
    }

    /// What the timeline shows, in a few words: the length that is drawn, which is not longer than the run.
    static func extent(_ view: TimelineView, time: Int64) -> String {
        let window = window(view, time: time)
        return view.isWhole ? "whole run" : Format.duration(window.upperBound - window.lowerBound)
    }

    /// Failures, restarts and the like inside a window; a start is no news.
    static func marks(of snapshot: RunSnapshot, in window: ClosedRange<Int64>) -> [LifecycleRow] {
        snapshot.events.filter { event in
            guard window.contains(event.time) else { return false }
            let isStart = event.event == .started || event.kind == TrialStatus.starting.rawValue
            // What a person asked for is told by what came of it.
            return !isStart && event.event != .asked && event.kind != TrialStatus.running.rawValue
        }
    }

    /// When each step's first span in the lanes began.
    static func stepStarts(_ lanes: [Lane]) -> [(step: Int, time: Int64)] {
        var starts: [Int: Int64] = [:]
        for span in lanes.flatMap(\.spans) where span.step > 0 {
            starts[span.step] = min(starts[span.step] ?? .max, span.start)
        }
        return starts.map { (step: $0.key, time: $0.value) }.sorted { $0.step < $1.step }
    }
}

/// A span in words.
enum SpanText {
    static func line(_ span: SpanRow) -> String {
        let length = length(of: span) ?? "running"
        let name = span.mfc.isEmpty ? span.interfaceType : span.mfc
        return "\(name) step \(Format.step(span.step)) \(span.worker) \(span.phase) \(length)"
    }

    /// `1.200 s`, and whether its worker died in it; nil while it runs.
    static func length(of span: SpanRow) -> String? {
        span.end.map { Format.preciseDuration($0 - span.start) + (span.isCut ? ", cut off" : "") }
    }
}

/// How long a step takes.
enum StepLength {
    /// The pace of the phase that runs; before there is one as last measured, or on average; nil before the first step.
    static func seconds(of snapshot: RunSnapshot) -> Double? {
        if let pace = snapshot.pace { return pace.seconds }
        let measured = snapshot.series.first { $0.key == MetricName.stepSeconds.rawValue }?.last
        if let measured, measured.isFinite, measured > 0 { return measured }
        return snapshot.step > 0 ? Double(snapshot.time) / 1e9 / Double(snapshot.step) : nil
    }
}
