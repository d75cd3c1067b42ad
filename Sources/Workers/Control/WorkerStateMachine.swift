package import Protocol

/// What a worker's control thread hears, and passes on to the main thread where it fits.
package enum WorkerCommand: Sendable, Equatable {
    case configure(WireConfigure)
    case order(WorkerOrder)

    /// - Throws: `WireError` for what is no command of this version.
    init(_ wire: WireWorkerCommand) throws(WireError) {
        switch wire.body {
        case .configure(let configuration): self = .configure(configuration)
        case .order(let word):
            guard let order = WorkerOrder(rawValue: word) else {
                throw WireError(.malformed, "'\(word)' is no order to a worker")
            }
            self = .order(order)
        case nil: throw WireError(.malformed, "a command without a body")
        }
    }
}

/// What the main thread tells its control thread.
package enum WorkerNews: Sendable, Equatable {
    case configured
    case running(step: UInt64)
    case paused(step: UInt64)
    case completed(step: UInt64)
    /// `leaving`: what it could not put anywhere, as a sentence.
    case stopped(step: UInt64, leaving: String = "")
    /// With the report of the error.
    case failed(String, step: UInt64, Persistence = .passing)
    /// The answer to a request to save the newest whole step.
    case saved(SaveOutcome)
}

/// A worker's life as its orchestrator sees it. Pure: commands and news in, reports and orders out.
package struct WorkerStateMachine: Sendable, Equatable {
    package enum Action: Sendable, Equatable {
        case report(WorkerState, detail: String, step: UInt64, Persistence = .passing)
        /// The main thread is to obey it.
        case obey(WorkerCommand)
        /// Save the newest whole step beside the training.
        case saveWhole
        case reportSaved(SaveOutcome)
        /// A command that cannot be obeyed in this state.
        case refuse(String)
    }

    package private(set) var state = WorkerState.starting
    private var isLeaving = false

    package init() {}

    /// The control socket is connected and hello is on its way.
    package mutating func connected() -> [Action] {
        state = .ready
        return []
    }

    /// A command of the orchestrator.
    package mutating func command(_ command: WorkerCommand) -> [Action] {
        guard case .order(let order) = command else {
            return state == .ready ? [.obey(command)] : refused("configure")
        }
        switch order {
        case .start: return state == .configured ? [.obey(command)] : refused(order.rawValue)
        case .pause, .resume, .saveNow, .evaluateNow: return isAtWork ? [.obey(command)] : refused(order.rawValue)
        case .exit: return leave()
        // Whoever is told to leave may still be told to hurry.
        case .saveWhole: return state.isTerminal ? [] : [.saveWhole, .obey(command)]
        case .leaveNow: return leave() + [.obey(command)]
        }
    }

    private var isAtWork: Bool { state == .running || state == .paused }

    private func refused(_ command: String) -> [Action] {
        [.refuse("'\(command)' does not fit a worker that is \(state.rawValue)")]
    }

    private mutating func leave() -> [Action] {
        guard !state.isTerminal, !isLeaving else { return [] }
        isLeaving = true
        state = .stopping
        return [.report(.stopping, detail: "", step: 0), .obey(.order(.exit))]
    }

    /// News of the main thread. After the end nothing is reported any more.
    package mutating func news(_ news: WorkerNews) -> [Action] {
        guard !state.isTerminal else { return [] }
        switch news {
        case .configured: return change(to: .configured)
        case .running(let step): return change(to: .running, step: step)
        case .paused(let step): return change(to: .paused, step: step)
        case .completed(let step): return change(to: .completed, step: step)
        case .stopped(let step, let leaving): return change(to: .stopped, detail: leaving, step: step)
        case .failed(let report, let step, let persistence):
            return change(to: .failed, detail: report, step: step, persistence)
        case .saved(let outcome): return [.reportSaved(outcome)]
        }
    }

    private mutating func change(
        to next: WorkerState, detail: String = "", step: UInt64 = 0, _ persistence: Persistence = .passing
    ) -> [Action] {
        // A worker that has been told to leave is stopping until it has ended.
        if isLeaving, !next.isTerminal { return [] }
        if state == next { return [] }
        state = next
        return [.report(next, detail: detail, step: step, persistence)]
    }
}
