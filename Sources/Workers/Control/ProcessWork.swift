import Glibc

/// What a process has done since it began, as the system counts it: one that computes or writes for minutes without a word
/// of its main loop is at work all the same.
package struct ProcessWork: Sendable, Equatable {
    /// Nanoseconds of processor time of all threads.
    package var processor: Int64
    /// Bytes read and written, to and from anything.
    package var bytes: Int64

    package init(processor: Int64 = 0, bytes: Int64 = 0) {
        self.processor = processor
        self.bytes = bytes
    }

    /// Of the calling process.
    package static func now() -> ProcessWork {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return ProcessWork(processor: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec), bytes: countBytes())
    }

    /// Whether it is more than the process's own heartbeats make, since `earlier`, `nanoseconds` ago.
    package func isMore(than earlier: ProcessWork, after nanoseconds: Int64) -> Bool {
        processor - earlier.processor > max(20_000_000, nanoseconds / 20) || bytes - earlier.bytes > 1 << 16
    }

    /// The first two lines of /proc/self/io; 0 where a sandbox keeps it back.
    private static func countBytes() -> Int64 {
        let descriptor = open("/proc/self/io", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return 0 }
        let lines = buffer[..<count].split(separator: UInt8(ascii: "\n")).prefix(2)
        return lines.reduce(0) { sum, line in
            sum + (Int64(String(decoding: line.drop { !(48...57).contains($0) }, as: UTF8.self)) ?? 0)
        }
    }
}
