import Glibc

/// A process, told apart from a later one that was given the same number.
package struct ProcessIdentity: Sendable, Equatable, Codable {
    package let pid: Int32
    /// When it started, in clock ticks since boot: field 22 of /proc/PID/stat.
    package let startTicks: UInt64

    package init(pid: Int32, startTicks: UInt64) {
        self.pid = pid
        self.startTicks = startTicks
    }

    /// The calling process.
    package static func current() -> ProcessIdentity? { of(getpid()) }

    /// The process that has the number `pid` now, or nil when there is none.
    package static func of(_ pid: Int32) -> ProcessIdentity? {
        let descriptor = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 1024)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0, let ticks = startTicks(inStat: String(decoding: buffer[..<count], as: UTF8.self)) else {
            return nil
        }
        return ProcessIdentity(pid: pid, startTicks: ticks)
    }

    /// Whether this very process still exists; a zombie does not count.
    package var isAlive: Bool {
        guard let now = Self.of(pid) else { return false }
        return now.startTicks == startTicks && !Self.isZombie(pid)
    }

    /// The command's name stands in parentheses and may hold anything, so fields count from the last one.
    static func startTicks(inStat text: String) -> UInt64? {
        guard let fields = fields(ofStat: text), fields.count > 19 else { return nil }
        return UInt64(fields[19])
    }

    private static func fields(ofStat text: String) -> [Substring]? {
        guard let end = text.lastIndex(of: ")") else { return nil }
        return text[text.index(after: end)...].split(separator: " ")
    }

    private static func isZombie(_ pid: Int32) -> Bool {
        let descriptor = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 1024)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return true }
        return fields(ofStat: String(decoding: buffer[..<count], as: UTF8.self))?.first == "Z"
    }
}
