package import Protocol

/// What happens to the master.
package enum MasterEvent: Sendable {
    /// A model worker is connected.
    case joined(worker: Int)
    case reply(Reply)
    case order(WorkerOrder)
}

/// How a trial ended for its master, when nothing failed.
package enum MasterOutcome: Sendable, Equatable {
    case completed
    case stopped
}

/// What the master wants done.
package enum MasterAction: Sendable {
    case send(worker: Int, Request)
    /// The numbers of one step.
    case metrics(step: UInt64, [Metric])
    case buffer(WireBufferRecord)
    case checkpoint(WireCheckpointRecord)
    case log(LogLevel, String)
    /// `running` or `paused`.
    case state(WorkerState, step: UInt64)
    /// What it works on, for heartbeats.
    case working(mfc: String, step: UInt64)
    case finish(MasterOutcome)
}

/// Everything a master needs to know to begin.
package struct MasterSettings: Sendable {
    package let plan: TrialPlan
    package let attempt: UInt64
    /// The folder that holds one folder of checkpoints a role.
    package let checkpoints: String
    /// The trial-wide step to go on after; 0: from the beginning.
    package let resumeStep: Int

    package init(plan: TrialPlan, attempt: UInt64, checkpoints: String, resumeStep: Int = 0) {
        self.plan = plan
        self.attempt = attempt
        self.checkpoints = checkpoints
        self.resumeStep = resumeStep
    }

    /// Where the checkpoints of `role` live.
    package func folder(of role: ModelRole) -> String { "\(checkpoints)/\(role)" }
    /// The checkpoint of `role` after trial-wide step `step`.
    package func checkpoint(of role: ModelRole, step: Int) -> String {
        "\(CheckpointPath(folder: folder(of: role), step: step))"
    }

    /// The path of a checkpoint from the trial's folder, which may be moved; as it is where it lies elsewhere.
    func nameInTrial(_ path: String) -> String {
        guard let end = checkpoints.lastIndex(of: "/") else { return path }
        let trial = checkpoints[...end]
        return path.hasPrefix(trial) ? String(path.dropFirst(trial.count)) : path
    }
}
