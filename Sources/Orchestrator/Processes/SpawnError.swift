import Glibc
import Protocol

/// Why a process could not be started.
package struct SpawnError: UserFacingError, Equatable {
    package let path: String
    /// The system's error number: of opening the log, of clone, or of the child's exec.
    package let number: Int32
    /// What was being done: "start", "open the log file".
    package let doing: String

    init(path: String, number: Int32, doing: String = "start") {
        self.path = path
        self.number = number
        self.doing = doing
    }

    package var summary: String { "could not \(doing) \(path): \(String(cString: strerror(number)))" }
    package var hint: String? {
        number == EAGAIN ? "too many processes: see 'ulimit -u'" : nil
    }
}
