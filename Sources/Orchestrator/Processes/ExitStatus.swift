/// How a process ended, as the kernel tells it.
package enum ExitStatus: Sendable, Equatable, CustomStringConvertible {
    case exited(Int32)
    case signalled(Int32)

    /// The signal that ended it.
    package var signal: Int32? { if case .signalled(let number) = self { number } else { nil } }

    package var isSuccess: Bool { self == .exited(0) }

    /// A phrase that follows the name of the process: "was killed by signal 9 (SIGKILL)".
    package var description: String {
        switch self {
        case .exited(let code): "left with exit status \(code)"
        case .signalled(let number): "was killed by signal \(number)\(Self.name(of: number).map { " (\($0))" } ?? "")"
        }
    }

    private static func name(of signal: Int32) -> String? {
        let names: [Int32: String] = [
            1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
            9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE", 15: "SIGTERM", 24: "SIGXCPU", 25: "SIGXFSZ",
        ]
        return names[signal]
    }
}
