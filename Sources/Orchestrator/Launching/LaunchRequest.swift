package import Protocol

/// What to do about a trial of the same name that exists already, and about failures.
package enum RecoverMode: String, Sendable, Codable, CaseIterable {
    /// Start from the beginning; a trial that exists is in the way.
    case disabled
    /// Continue the trial that exists from its newest checkpoint.
    case resume

    /// The one that fits what there is: a trial goes on where it exists and begins where it does not, so that a cluster
    /// may give the same command again and again.
    package static func fitting(_ folder: TrialFolder) -> RecoverMode {
        FolderFiles.exists(folder.database) && FolderFiles.exists(folder.configuration) ? .resume : .disabled
    }
}

/// What to do with the files of an ended trial of the same name.
package enum ExistingTrial: String, Sendable, Codable {
    case refuse
    /// Remove them and start anew.
    case replace
}

/// What to do where files that a resumed trial reads are not what they were.
package enum ChangedInputs: String, Sendable, Codable {
    case refuse
    /// Go on with them, and record it.
    case accept
}

/// What a person asks for on the command line or in the launch form.
package struct LaunchRequest: Sendable, Codable, Equatable {
    package var experiment: String
    package var trial: String
    package var configFile: String?
    /// `key=value`, in order.
    package var overrides: [String]
    package var recoverMode: RecoverMode
    package var existing: ExistingTrial
    package var changedInputs: ChangedInputs
    /// With `resume`: the step to go on from; nil: the newest that the store and a checkpoint agree on.
    package var resumeFrom: Int?
    /// Where workers run: a name of `Schedulers`.
    package var mode: String

    package init(
        experiment: String, trial: String, configFile: String? = nil, overrides: [String] = [],
        recoverMode: RecoverMode = .disabled, existing: ExistingTrial = .refuse,
        changedInputs: ChangedInputs = .refuse, resumeFrom: Int? = nil, mode: String = Schedulers.standard
    ) {
        self.changedInputs = changedInputs
        self.experiment = experiment
        self.trial = trial
        self.configFile = configFile
        self.overrides = overrides
        self.recoverMode = recoverMode
        self.existing = existing
        self.resumeFrom = resumeFrom
        self.mode = mode
    }

    /// The trial it names.
    package func id() throws(NameError) -> TrialID {
        TrialID(experiment: try ExperimentName(experiment), trial: try TrialName(trial))
    }
}

/// A trial whose orchestrator holds the lock and listens.
package struct StartedTrial: Sendable, Codable, Equatable {
    package let id: TrialID
    /// The orchestrator's process.
    package let pid: Int32
    package let attempt: Int
    /// The step it goes on from; 0: from the beginning.
    package let resumeStep: Int
    /// The last step that the store holds of what went before.
    package var recordedStep = 0
}
