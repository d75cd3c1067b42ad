import Glibc
import Protocol

/// The lines of a file, read in pieces; no line is held beyond a limit.
package struct LineReader: ~Copyable {
    /// A line without its end, or how long one was that is above the limit.
    package enum Line: Sendable, Equatable {
        case bytes([UInt8])
        case tooLong(byteCount: Int)
    }

    /// Longest line that is kept: a megabyte of text is no prompt.
    package static let longestLine = 1 << 20
    private static let pieceSize = 1 << 16

    private let descriptor: Int32
    private let path: String
    private let limit: Int
    private var piece: [UInt8] = []
    private var position = 0
    private var hasEnded = false
    private var checksum = CRC32()
    private var byteCount = 0

    private init(descriptor: Int32, path: String, limit: Int) {
        self.descriptor = descriptor
        self.path = path
        self.limit = limit
    }

    deinit { close(descriptor) }

    package static func open(_ path: String, limit: Int = longestLine) throws(DatasetError) -> LineReader {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw DatasetError(.unreadable, path: path, reason: "cannot be opened: \(String(cString: strerror(errno)))")
        }
        var reader = LineReader(descriptor: descriptor, path: path, limit: limit)
        try reader.refill()
        reader.skipByteOrderMark()
        return reader
    }

    /// Of what has been read; of the whole file once there is no further line.
    var fingerprint: FileFingerprint { FileFingerprint(bytes: byteCount, crc32: checksum.value) }

    /// The next line; nil after the last. A carriage return before the line feed is not part of it.
    package mutating func next() throws(DatasetError) -> Line? {
        var kept: [UInt8] = [], length = 0, sawAny = false
        while true {
            if position == piece.count {
                try refill()
                if hasEnded { return sawAny ? Self.line(kept, length: length, limit: limit) : nil }
            }
            sawAny = true
            let rest = piece[position...]
            let end = rest.firstIndex(of: UInt8(ascii: "\n"))
            let part = rest[..<(end ?? piece.count)]
            if length + part.count <= limit { kept += part }
            length += part.count
            position = end.map { $0 + 1 } ?? piece.count
            if end != nil { return Self.line(kept, length: length, limit: limit) }
        }
    }

    private static func line(_ kept: [UInt8], length: Int, limit: Int) -> Line {
        guard length <= limit else { return .tooLong(byteCount: length) }
        return .bytes(kept.last == UInt8(ascii: "\r") ? Array(kept.dropLast()) : kept)
    }

    private mutating func refill() throws(DatasetError) {
        var fresh = [UInt8](repeating: 0, count: Self.pieceSize)
        var count = read(descriptor, &fresh, fresh.count)
        while count < 0, errno == EINTR { count = read(descriptor, &fresh, fresh.count) }
        guard count >= 0 else {
            throw DatasetError(.unreadable, path: path, reason: "cannot be read: \(String(cString: strerror(errno)))")
        }
        piece = Array(fresh.prefix(count))
        checksum.add(piece)
        byteCount += count
        position = 0
        hasEnded = count == 0
    }

    /// Some editors begin a UTF-8 file with U+FEFF, which is no part of its first line.
    private mutating func skipByteOrderMark() {
        if piece.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }
}
