import Glibc

/// What a process has used: processor time so far and memory now.
struct ProcessUsage: Equatable {
    /// User and system time of all its threads, in clock ticks.
    let ticks: UInt64
    /// Resident memory in bytes.
    let resident: Int

    /// Reads fields 14, 15 and 24 of a line of /proc/PID/stat. The command's name stands in parentheses and may hold
    /// anything, so fields count from the last one.
    init?(stat text: String, pageSize: Int) {
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(whereSeparator: \.isWhitespace)
        guard fields.count > 21, let user = UInt64(fields[11]), let system = UInt64(fields[12]),
            let pages = Int(fields[21]), pages >= 0
        else { return nil }
        let (sum, isTooMuch) = user.addingReportingOverflow(system)
        let (bytes, isTooLarge) = pages.multipliedReportingOverflow(by: pageSize)
        guard !isTooMuch, !isTooLarge else { return nil }
        ticks = sum
        resident = bytes
    }

    /// The process `pid` now; nil when it is gone.
    static func of(_ pid: Int32) -> ProcessUsage? {
        ProcFile.read("/proc/\(pid)/stat").flatMap { ProcessUsage(stat: $0, pageSize: sysconf(Int32(_SC_PAGESIZE))) }
    }
}

/// The whole machine: processor time and memory.
struct SystemUsage: Equatable {
    /// Clock ticks spent working and spent altogether, summed over processors.
    let busy: UInt64
    let total: UInt64

    /// Reads the first line of /proc/stat: user nice system idle iowait irq softirq steal (guest is part of user).
    init?(stat text: String) {
        guard let line = text.split(separator: "\n").first, line.hasPrefix("cpu ") else { return nil }
        let numbers = line.split(separator: " ").dropFirst().prefix(8).compactMap { UInt64($0) }
        guard numbers.count >= 5 else { return nil }
        var sum: UInt64 = 0
        for number in numbers {
            let (next, isTooMuch) = sum.addingReportingOverflow(number)
            if isTooMuch { return nil }
            sum = next
        }
        total = sum
        busy = total - numbers[3] - numbers[4]
    }

    static func now() -> SystemUsage? { ProcFile.read("/proc/stat").flatMap { SystemUsage(stat: $0) } }

    /// Total and available bytes from the text of /proc/meminfo.
    static func memory(meminfo text: String) -> (total: Int, available: Int)? {
        func kibibytes(_ name: String) -> Int? {
            text.split(separator: "\n").first { $0.hasPrefix("\(name):") }
                .flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int($0) }
        }
        guard let total = kibibytes("MemTotal"), let available = kibibytes("MemAvailable") else { return nil }
        return (total << 10, available << 10)
    }
}

/// Small files of /proc, read at once.
enum ProcFile {
    static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 8192)
        let got = Glibc.read(descriptor, &buffer, buffer.count)
        return got > 0 ? String(decoding: buffer[..<got], as: UTF8.self) : nil
    }
}
