import Protocol

/// A terminal that the dashboard cannot use.
struct TerminalError: UserFacingError, Hashable {
    enum Code: Sendable {
        case notATerminal
        case dumb
        case unknownType
        case system
    }

    var code: Code
    var message: String
    var hint: String?

    let exitCode: Int32 = 1

    var summary: String { message }
}

extension TerminalError: CustomStringConvertible {
    var description: String {
        if let hint { "\(message). \(hint)" } else { message }
    }
}
