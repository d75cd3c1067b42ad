import Protocol

/// Ends the calls that nobody is left to end: with the worker or the attempt that was in them.
struct CutSpans {
    let workers: [WorkerRow]
    let events: [LifecycleRow]
    let visibility: Visibility
    let status: TrialStatus
    /// The playhead, nanoseconds since the run's start.
    let time: Int64

    func callAsFunction(_ spans: [SpanRow]) -> [SpanRow] {
        let gone = Set(workers.filter { $0.state.isTerminal || $0.state == .restarting }.map(\.id))
        return spans.map { span in
            let isOver = Int64(span.attempt) < visibility.current || status.isTerminal || gone.contains(span.worker)
            guard span.end == nil, isOver else { return span }
            let death = events.first { $0.event == .workerFailed && $0.time >= span.start }?.time
            var cut = span
            cut.end = max(span.start, min(death ?? .max, visibility.end(of: Int64(span.attempt)) ?? .max, time))
            cut.isCut = true
            return cut
        }
    }
}
