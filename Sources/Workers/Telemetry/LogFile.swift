import Glibc
import Protocol
import Synchronization

/// A worker's log file, which is its standard error.
///
/// A full disk keeps lines out of the file and never out of the run, which gets them by telemetry: the first line that is
/// missed and the first that fits again are told there.
final class LogFile: Sendable {
    private let missed = Mutex(0)
    private let queue: TelemetryQueue
    private let clock: RunClock
    private let put: @Sendable (String) -> Int32

    /// - Parameter put: writes a text whole and returns 0, or the system's error number.
    init(
        queue: TelemetryQueue, clock: RunClock, put: @escaping @Sendable (String) -> Int32 = LogFile.putToStandardError
    ) {
        self.queue = queue
        self.clock = clock
        self.put = put
    }

    func write(_ text: String) {
        let words = missed.withLock { missed -> String? in
            // The last line that was begun may be cut.
            let fault = put(missed > 0 ? "\n\(text)" : text)
            guard fault == 0 else {
                missed += 1
                guard missed == 1 else { return nil }
                return
                    "the log file cannot be written: \(String(cString: strerror(fault))); what it misses is kept here"
            }
            defer { missed = 0 }
            return missed > 0 ? "the log file is written again; it misses \(missed) records" : nil
        }
        guard let words else { return }
        queue.append(
            .log(
                filled(WireLogRecord()) {
                    $0.timeNs = clock.now()
                    $0.level = LogLevel.warning.rawValue
                    $0.message = words
                }))
    }

    @Sendable static func putToStandardError(_ text: String) -> Int32 {
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(2, $0.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count == 0 ? ENOSPC : errno }
            written += count
        }
        return 0
    }
}
