import Protocol

/// Why a running trial could not be told something.
package struct ControlError: UserFacingError, Equatable {
    package enum Code: Sendable {
        case unknownTrial
        case notRunning
        case noAnswer
        case refused
    }

    package let code: Code
    package let summary: String
    package let hint: String?

    /// A name that is no trial's is a wrong request, like any other wrong name.
    package var exitCode: Int32 { code == .unknownTrial ? ExitCode.usage : ExitCode.failure }

    package init(_ code: Code, _ summary: String, hint: String? = nil) {
        self.code = code
        self.summary = summary
        self.hint = hint
    }
}
