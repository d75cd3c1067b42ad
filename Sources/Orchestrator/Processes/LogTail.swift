import Glibc

/// The end of a log file, for the report of a failure.
package enum LogTail {
    /// The last lines of the file at `path`, reading at most `bytes` from its end; empty when it cannot be read.
    package static func lines(of path: String, count: Int = 12, bytes: Int = 8192) -> [String] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        let start = max(0, size - bytes)
        var buffer = [UInt8](repeating: 0, count: max(0, size - start))
        let got = pread(descriptor, &buffer, buffer.count, off_t(start))
        guard got > 0 else { return [] }
        // By bytes: to a String a carriage return and a newline are one character, and no newline.
        var lines = buffer.prefix(got).split(separator: UInt8(ascii: "\n")).map { line in
            String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
        }
        // The first line is cut in the middle unless the whole file was read.
        if start > 0, lines.count > 1 { lines.removeFirst() }
        return lines.suffix(count)
    }
}
