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

    package init(_ code: Code, _ summary: String, hint: String? = nil) {
        self.code = code
        self.summary = summary
        self.hint = hint
    }
}
