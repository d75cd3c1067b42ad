import Protocol

/// Why a trial did not start.
package struct LaunchError: UserFacingError, Equatable {
    package enum Code: Sendable {
        case alreadyRunning
        case alreadyExists
        case nothingToResume
        case alreadyCompleted
        case frozenDiffers
        case folder
        case noCheckpoint
        /// Another run's weights lie where this one's would.
        case foreignCheckpoints
        case didNotStart
    }

    package let code: Code
    package let summary: String
    package let detail: String
    package let hint: String?
    package let exitCode: Int32

    package init(
        _ code: Code, _ summary: String, detail: String = "", hint: String? = nil, exitCode: Int32 = ExitCode.failure
    ) {
        self.code = code
        self.summary = summary
        self.detail = detail
        self.hint = hint
        self.exitCode = exitCode
    }

    /// The words that name a trial on the command line.
    static func flags(_ id: TrialID) -> String { "-e \(id.experiment) -f \(id.trial)" }
}
