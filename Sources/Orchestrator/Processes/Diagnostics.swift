import Glibc

/// The orchestrator's own words, one line each, on standard error: its log file.
enum Diagnostics {
    static func write(_ message: String) {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var broken = tm()
        var seconds = time.tv_sec
        localtime_r(&seconds, &broken)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let stamp =
            "\(1900 + broken.tm_year)-\(two(broken.tm_mon + 1))-\(two(broken.tm_mday)) "
            + "\(two(broken.tm_hour)):\(two(broken.tm_min)):\(two(broken.tm_sec))"
        let line = Array("\(stamp) orchestrator: \(message.replacing("\n", with: "\n  "))\n".utf8)
        // There is nowhere left to report that the log cannot be written.
        _ = Glibc.write(STDERR_FILENO, line, line.count)
    }
}
