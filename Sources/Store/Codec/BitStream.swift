/// Appends groups of bits, most significant first.
struct BitWriter {
    private(set) var bytes: [UInt8]
    private var pending: UInt64 = 0
    private var pendingCount = 0

    /// - Parameter bytes: whole bytes that precede the bits.
    init(after bytes: [UInt8] = []) { self.bytes = bytes }

    /// Appends the lowest `count` bits of `bits`; at most 64.
    mutating func write(_ bits: UInt64, _ count: Int) {
        if count > 32 {
            push(bits >> 32, count - 32)
            push(bits & 0xffff_ffff, 32)
        } else {
            push(bits, count)
        }
    }

    /// The bytes, the last one filled with zeros.
    consuming func finished() -> [UInt8] {
        if pendingCount > 0 { push(0, 8 - pendingCount) }
        return bytes
    }

    /// At most 32 bits at a time, so that the pending word cannot overflow.
    private mutating func push(_ bits: UInt64, _ count: Int) {
        pending = (pending << UInt64(count)) | (bits & ((1 << UInt64(count)) - 1))
        pendingCount += count
        while pendingCount >= 8 {
            pendingCount -= 8
            bytes.append(UInt8(truncatingIfNeeded: pending >> UInt64(pendingCount)))
        }
    }
}

/// Reads groups of bits that `BitWriter` wrote; past the end it says so instead of trapping.
struct BitReader {
    private let bytes: UnsafeRawBufferPointer
    private var next: Int
    private var pending: UInt64 = 0
    private var pendingCount = 0

    /// - Parameter bytes: must outlive the reader.
    init(_ bytes: UnsafeRawBufferPointer, from offset: Int) {
        self.bytes = bytes
        next = offset
    }

    /// The next `count` bits (at most 64), or nil where the bytes end before.
    mutating func read(_ count: Int) -> UInt64? {
        guard count > 32 else { return pull(count) }
        guard let high = pull(count - 32), let low = pull(32) else { return nil }
        return high << 32 | low
    }

    /// Whether nothing but the filling of the last byte is left.
    var isAtEnd: Bool { next == bytes.count && pendingCount < 8 }

    private mutating func pull(_ count: Int) -> UInt64? {
        while pendingCount < count {
            guard next < bytes.count else { return nil }
            pending = pending << 8 | UInt64(bytes[next])
            next += 1
            pendingCount += 8
        }
        pendingCount -= count
        return (pending >> UInt64(pendingCount)) & ((1 << UInt64(count)) - 1)
    }
}
