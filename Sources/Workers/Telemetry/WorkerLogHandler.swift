import Glibc
package import Logging
package import Protocol

/// A worker's log: every record goes to its telemetry and to its log file (standard error).
///
/// In the file a record is one line, or several of which all but the first are indented.
package struct WorkerLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level = .info
    private let queue: TelemetryQueue
    private let clock: RunClock
    private let write: @Sendable (String) -> Void

    package init(queue: TelemetryQueue, clock: RunClock, write: @escaping @Sendable (String) -> Void) {
        self.queue = queue
        self.clock = clock
        self.write = write
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        let facts = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let text = Self.presentable("\(event.message)\(facts)")
        let level = Self.word(event.level)
        queue.append(
            .log(
                filled(WireLogRecord()) {
                    $0.timeNs = clock.now()
                    $0.level = level.rawValue
                    $0.message = text
                }))
        let lines = text.replacing("\n", with: "\n    ")
        write("\(logTimestamp()) \(level.rawValue.uppercased()): \(lines)\n")
    }

    /// Bytes of a record's text. A message may quote a row of a dataset, and that may be a megabyte.
    package static let longestText = 1 << 16

    /// The text without what would move a terminal's cursor, and cut where it is too long.
    private static func presentable(_ text: String) -> String {
        var shown = String.UnicodeScalarView(), bytes = 0
        for scalar in text.unicodeScalars {
            let isControl = scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
            let form = isControl ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
            bytes += form.utf8.count
            if bytes > longestText { return "\(String(shown))… (cut; \(text.utf8.count) bytes in all)" }
            shown.append(contentsOf: form.unicodeScalars)
        }
        return String(shown)
    }

    private static func word(_ level: Logger.Level) -> LogLevel {
        switch level {
        case .trace, .debug: .debug
        case .info, .notice: .info
        case .warning: .warning
        case .error, .critical: .error
        }
    }
}

/// `YYYYMMDD-HH:MM:SS.mmm` in UTC.
package func logTimestamp(nanoseconds: Int64 = RunClock.wallNanoseconds()) -> String {
    var seconds = time_t(nanoseconds / 1_000_000_000), parts = tm()
    gmtime_r(&seconds, &parts)
    func padded(_ value: Int32, _ width: Int) -> String {
        let digits = "\(value)"
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
    let day = padded(parts.tm_year + 1900, 4) + padded(parts.tm_mon + 1, 2) + padded(parts.tm_mday, 2)
    let time = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded($0, 2) }.joined(separator: ":")
    return "\(day)-\(time).\(padded(Int32(nanoseconds / 1_000_000 % 1000), 3))"
}

/// Writes the whole text to standard error, which is the worker's log file. One that cannot be written (a full disk) must
/// not stop the training.
@Sendable
package func writeToStandardError(_ text: String) { _ = LogFile.putToStandardError(text) }

extension Logger {
    /// The logger of one worker.
    package static func worker(_ worker: WorkerID, queue: TelemetryQueue, clock: RunClock) -> Logger {
        let file = LogFile(queue: queue, clock: clock)
        return Logger(
            label: worker.description, factory: { _ in WorkerLogHandler(queue: queue, clock: clock, write: file.write) }
        )
    }
}
