/// Where a trial is in its life. Part of the documented `--json` interface.
package enum TrialStatus: String, Sendable, Codable, CaseIterable {
    case pending
    case starting
    case running
    case paused
    case stopping
    case completed
    case failed
    case stopped
    /// Derived, never stored: the store says it lives, but its orchestrator does not.
    case lost

    /// Nothing will change any more unless somebody starts it again.
    package var isTerminal: Bool {
        switch self {
        case .completed, .failed, .stopped, .lost: true
        case .pending, .starting, .running, .paused, .stopping: false
        }
    }

    /// The exit status of a process that followed the trial to here. What has not ended counts as not done.
    package var exitCode: Int32 {
        switch self {
        case .completed: ExitCode.success
        case .stopped: ExitCode.stopped
        case .failed, .lost, .pending, .starting, .running, .paused, .stopping: ExitCode.failure
        }
    }
}

/// Where a worker process is in its life.
package enum WorkerState: String, Sendable, Codable, CaseIterable {
    /// Spawned, not heard from yet.
    case starting
    /// Said hello, waits for its configuration.
    case ready
    /// Has its configuration, waits for start.
    case configured
    case running
    case paused
    case stopping
    case completed
    /// Ended with an error or a signal.
    case failed
    /// Ended because it was told to before its work was done.
    case stopped
    /// Alive but its heartbeats say that its main loop has not moved for too long, or they have stopped.
    case stalled
    /// Waits for its back-off to pass before it is spawned again.
    case restarting

    package var isTerminal: Bool {
        switch self {
        case .completed, .failed, .stopped: true
        default: false
        }
    }
}
