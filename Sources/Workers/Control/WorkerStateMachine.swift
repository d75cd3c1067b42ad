package import Protocol

/// What the main thread is told.
package enum WorkerOrder: Sendable, Equatable {
    case configure(WireConfigure)
    case start
    case pause
    case resume
    case exit
    case saveNow
    case evaluateNow
    /// Save what could not be saved beside the training.
    case saveWhole
    case leaveNow
}

/// What the main thread tells its control thread.
package enum WorkerNews: Sendable, Equatable {
    case configured
    case running(step: UInt64)
    case paused(step: UInt64)
    case completed(step: UInt64)
    case stopped(step: UInt64)
    /// With the report of the error.
    case failed(String, step: UInt64)
    /// The answer to a request to save the newest whole step.
    case saved(SaveOutcome)
}

/// A worker's life as its orchestrator sees it. Pure: commands and news in, reports and orders out.
package struct WorkerStateMachine: Sendable, Equatable {
    package enum Action: Sendable, Equatable {
        case report(WorkerState, detail: String, step: UInt64)
        case order(WorkerOrder)
        /// Save the newest whole step beside the training.
        case saveWhole
        case reportSaved(SaveOutcome)
        /// Answer with a heartbeat at once.
        case heartbeat
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
    package mutating func command(_ body: WireWorkerCommand.OneOf_Body?) -> [Action] {
        switch body {
        case .configure(let configuration):
            guard state == .ready else { return refused("configure") }
            return [.order(.configure(configuration))]
        case .start:
            guard state == .configured else { return refused("start") }
            return [.order(.start)]
        case .pause: return isAtWork ? [.order(.pause)] : refused("pause")
        case .resume: return isAtWork ? [.order(.resume)] : refused("resume")
        case .saveNow: return isAtWork ? [.order(.saveNow)] : refused("save_now")
        case .evaluateNow: return isAtWork ? [.order(.evaluateNow)] : refused("evaluate_now")
        case .exit: return leave()
        // Whoever is told to leave may still be told to hurry.
        case .saveWhole: return state.isTerminal ? [] : [.saveWhole, .order(.saveWhole)]
        case .leaveNow: return leave() + [.order(.leaveNow)]
        case .ping: return [.heartbeat]
        case nil: return [.refuse("a command without a body")]
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
        return [.report(.stopping, detail: "", step: 0), .order(.exit)]
    }

    /// News of the main thread. After the end nothing is reported any more.
    package mutating func news(_ news: WorkerNews) -> [Action] {
        guard !state.isTerminal else { return [] }
        switch news {
        case .configured: return change(to: .configured)
        case .running(let step): return change(to: .running, step: step)
        case .paused(let step): return change(to: .paused, step: step)
        case .completed(let step): return change(to: .completed, step: step)
        case .stopped(let step): return change(to: .stopped, step: step)
        case .failed(let report, let step): return change(to: .failed, detail: report, step: step)
        case .saved(let outcome): return [.reportSaved(outcome)]
        }
    }

    private mutating func change(to next: WorkerState, detail: String = "", step: UInt64 = 0) -> [Action] {
        // A worker that has been told to leave is stopping until it has ended.
        if isLeaving, !next.isTerminal { return [] }
        if state == next { return [] }
        state = next
        return [.report(next, detail: detail, step: step)]
    }
}
