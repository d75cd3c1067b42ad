import Protocol

/// A theme that cannot be used, with the place in its file.
struct ThemeError: UserFacingError, Hashable {
    enum Code: Sendable {
        case notFound
        case unreadable
        case syntax
        case unknownName
        case incomplete
        case inheritanceCycle
    }

    var code: Code

    /// The file, or the name asked for when no file was found.
    var file: String

    /// The line, counted from 1; 0 when it is about the whole file.
    var line: Int

    /// What is wrong, without the place.
    var message: String

    /// What to do next, when there is something to say.
    var hint: String?

    let exitCode: Int32 = 2

    /// One line with the place in front.
    var summary: String {
        line > 0 ? "\(file):\(line): \(message)" : "\(file): \(message)"
    }
}

extension ThemeError: CustomStringConvertible {
    var description: String {
        if let hint { "\(summary). \(hint)" } else { summary }
    }
}
