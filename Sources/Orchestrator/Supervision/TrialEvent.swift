package import Protocol

/// What can happen to a trial, as its state machine hears of it.
package enum TrialEvent: Sendable, Equatable {
    /// The orchestrator is ready to begin.
    case begin
    case spawned(WorkerID, pid: Int32)
    /// It was not started at all.
    case spawnFailed(WorkerID, reason: String, Obstacle = .program)
    case hello(WorkerID, attempt: Int)
    case heartbeat(WorkerID, attempt: Int, Pulse)
    /// `Persistence`, of a failure: whether the same would happen at another attempt.
    case report(WorkerID, attempt: Int, state: WorkerState, detail: String, step: Int, Persistence = .passing)
    /// The newest whole step of a worker's models is on disk, or `problem` says why not.
    case saved(WorkerID, attempt: Int, step: Int, problem: String)
    /// There is a newer checkpoint to go on from.
    case checkpoint(step: Int)
    /// The process is gone. `tail`: the last lines of its log.
    case exited(WorkerID, attempt: Int, ExitStatus, tail: [String])
    /// The kernel has killed a process of the trial's group because its memory limit was reached; comes before the exit.
    case memoryLimitReached
    /// Somebody asks for something and waits for the answer to `ticket`.
    case command(TrialCommandKind, WorkerID?, ticket: Int)
    /// The stop command; where it must be over in so many nanoseconds it says so.
    case stop(within: Int64?, ticket: Int)
    /// One of `SignalDescriptor.stops`: the same as the stop command, with nobody to answer.
    case stopSignal
    /// A deadline that the machine had named has come.
    case timePassed

    /// What stands in the way of a worker's start.
    package enum Obstacle: Sendable {
        /// Its program cannot be run.
        case program
        /// Files that the trial reads are not those it began with; that is so for all of its workers.
        case changedInputs

        /// What is said of the first worker that meets it.
        var cause: String {
            switch self {
            case .program: "could not be started"
            case .changedInputs: "was not started again: what the trial reads has changed since it began"
            }
        }
    }

    /// What a heartbeat says.
    package struct Pulse: Sendable, Equatable {
        /// Nanoseconds since the worker's main loop last moved.
        package var idle: Int64
        /// The model function call it is in; empty for none.
        package var mfc: String
        package var step: Int
        /// Nanoseconds since the process last did anything at all.
        package var quiet: Int64
        /// Whether its main loop has nothing to do until something comes in.
        package var waits: Bool
        /// Of the model that trains there; 0 where none does.
        package var weightVersion: Int

        package init(
            idle: Int64 = 0, mfc: String = "", step: Int = 0, weightVersion: Int = 0, quiet: Int64 = 0,
            waits: Bool = false
        ) {
            self.quiet = quiet
            self.waits = waits
            self.idle = idle
            self.mfc = mfc
            self.step = step
            self.weightVersion = weightVersion
        }
    }
}

/// What the orchestrator is to do, in order.
package enum TrialAction: Sendable, Equatable {
    /// Records the attempt and decides what it resumes from; before any of its workers starts.
    case beginAttempt(Int, reason: String)
    case spawn(WorkerID, attempt: Int)
    /// Gives it the plan and where to resume from.
    case configure(WorkerID)
    case tell(WorkerID, WorkerOrder)
    /// To the whole process group.
    case signal(WorkerID, Int32)
    case setStatus(TrialStatus, detail: String)
    case record(WorkerChange)
    case note(kind: LifecycleKind, worker: WorkerID?, detail: String)
    case answer(ticket: Int, accepted: Bool, message: String)
    /// The trial is over and no process of it lives.
    case finish(TrialStatus)
}

/// What went wrong first; everything after it is only counted.
package struct TrialFailure: Sendable, Equatable {
    package var worker: WorkerID
    /// One line.
    package var cause: String
    /// What the worker said or the end of its log.
    package var detail: String
    /// Failures that followed from it.
    package var later: Int = 0

    package var report: String {
        var text = "\(worker) \(cause)"
        if !detail.isEmpty { text += "\n\(detail)" }
        if later > 0 { text += "\n(\(later) later failure\(later == 1 ? "" : "s") followed from it)" }
        return text
    }
}
