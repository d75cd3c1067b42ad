/// An error written for the person at the keyboard: what failed, why, and what to do next.
package protocol UserFacingError: Error {
    /// One line: what failed.
    var summary: String { get }
    /// The facts behind it (path, line, key, cause); may be several lines, may be empty.
    var detail: String { get }
    /// What to do next, as a command where there is one.
    var hint: String? { get }
    /// The process exit status this error deserves.
    var exitCode: Int32 { get }
    /// Whether the same would happen at another try.
    var persistence: Persistence { get }
}

/// Whether what failed once fails again.
package enum Persistence: Sendable, Equatable {
    /// Another try may go well.
    case passing
    /// The same would happen at every try, until a person changes something.
    case lasting

    /// That of any error; one that does not say is worth another try.
    package init(of error: any Error) {
        self = (error as? any UserFacingError)?.persistence ?? .passing
    }
}

extension UserFacingError {
    package var detail: String { "" }
    package var hint: String? { nil }
    package var exitCode: Int32 { ExitCode.failure }
    package var persistence: Persistence { .passing }

    /// Summary, detail and hint as the lines a terminal shows.
    package var report: String {
        var lines = [summary]
        if !detail.isEmpty { lines.append(detail) }
        if let hint { lines.append("hint: \(hint)") }
        return lines.joined(separator: "\n")
    }
}

/// The exit statuses of `cockpit`; part of its documented interface.
package enum ExitCode {
    /// The trial completed, or the command did what it was asked.
    package static let success: Int32 = 0
    /// The trial failed, or the command could not do its work.
    package static let failure: Int32 = 1
    /// The request itself was wrong: flags, names, configuration.
    package static let usage: Int32 = 2
    /// The trial was stopped before it completed.
    package static let stopped: Int32 = 3
}

/// The text of any error as a person should read it.
package func describe(_ error: any Error) -> String {
    (error as? any UserFacingError)?.report ?? "\(error)"
}
