/// Floating point bit patterns as XOR with the one before, written in the smallest window of bits that holds it.
///
/// Per value: `0` for a repeat; `10` and the bits where they fit into the last window; `11`, the leading zeros, the
/// window's width and the bits otherwise.
enum XorBits {
    /// Appends `patterns` of `width` (32 or 64) bits each after `prefix`.
    static func encode(_ patterns: [UInt64], width: Int, after prefix: [UInt8]) -> [UInt8] {
        guard let first = patterns.first else { return prefix }
        var writer = BitWriter(after: prefix)
        writer.write(first, width)
        var last = first
        var window = Window(leading: width, width: 0)
        for pattern in patterns.dropFirst() {
            let difference = pattern ^ last
            last = pattern
            guard difference != 0 else {
                writer.write(0, 1)
                continue
            }
            let leading = difference.leadingZeroBitCount - (64 - width)
            let trailing = difference.trailingZeroBitCount
            let needed = width - leading - trailing
            // A new window costs 2 + 6 + 6 bits: it must save more than that over the one in force.
            if leading >= window.leading, trailing >= window.trailing(of: width), window.width <= needed + 10 {
                writer.write(0b10, 2)
            } else {
                window = Window(leading: leading, width: needed)
                writer.write(0b11, 2)
                writer.write(UInt64(leading), 6)
                writer.write(UInt64(needed - 1), 6)
            }
            writer.write(difference >> UInt64(window.trailing(of: width)), window.width)
        }
        return writer.finished()
    }

    /// The `count` patterns after `offset`, or nil where the bits are not exactly that.
    static func decode(_ bytes: UnsafeRawBufferPointer, from offset: Int, width: Int, count: Int) -> [UInt64]? {
        // Every value takes at least one bit, so a count that cannot be there is refused before anything is reserved.
        guard count > 0, offset <= bytes.count, count <= (bytes.count - offset) * 8 else {
            return count == 0 ? [] : nil
        }
        var reader = BitReader(bytes, from: offset)
        guard var last = reader.read(width) else { return nil }
        var patterns = [last]
        patterns.reserveCapacity(count)
        var window = Window(leading: width, width: 0)
        for _ in 1..<count {
            guard let changed = reader.read(1) else { return nil }
            if changed == 1 {
                guard let isNew = reader.read(1) else { return nil }
                if isNew == 1 {
                    guard let leading = reader.read(6), let needed = reader.read(6) else { return nil }
                    window = Window(leading: Int(leading), width: Int(needed) + 1)
                }
                guard window.width > 0, window.trailing(of: width) >= 0, let bits = reader.read(window.width) else {
                    return nil
                }
                last ^= bits << UInt64(window.trailing(of: width))
            }
            patterns.append(last)
        }
        return reader.isAtEnd ? patterns : nil
    }

    private struct Window {
        let leading: Int
        let width: Int

        func trailing(of whole: Int) -> Int { whole - leading - width }
    }
}
