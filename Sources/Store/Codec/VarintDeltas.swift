/// Integers as zigzag varints of their differences of order 0, 1 or 2: what steps, times, counters and smooth
/// schedules shrink to a byte or two by. Arithmetic wraps, so every Int64 sequence comes back exactly.
enum VarintDeltas {
    static let orders = 0...2

    /// The order that takes the fewest bytes, and how many.
    static func best(for values: [Int64]) -> (order: Int, bytes: Int) {
        var sizes = (0, 0, 0)
        var last: Int64 = 0, lastDelta: Int64 = 0
        for value in values {
            let delta = value &- last
            sizes.0 += length(zigzag(value))
            sizes.1 += length(zigzag(delta))
            sizes.2 += length(zigzag(delta &- lastDelta))
            last = value
            lastDelta = delta
        }
        if sizes.2 < min(sizes.0, sizes.1) { return (2, sizes.2) }
        return sizes.1 < sizes.0 ? (1, sizes.1) : (0, sizes.0)
    }

    /// Appends the differences of `order` of `values`.
    static func append(_ values: [Int64], order: Int, to bytes: inout [UInt8]) {
        var last: Int64 = 0, lastDelta: Int64 = 0
        for value in values {
            let delta = value &- last
            let coded =
                switch order {
                case 0: value
                case 1: delta
                default: delta &- lastDelta
                }
            appendVarint(zigzag(coded), to: &bytes)
            last = value
            lastDelta = delta
        }
    }

    /// The `count` values that start at `offset`, or nil where the bytes are not exactly that.
    static func decode(_ bytes: UnsafeRawBufferPointer, from offset: Int, order: Int, count: Int) -> [Int64]? {
        guard orders.contains(order), count >= 0, bytes.count - offset >= count else { return nil }
        var values: [Int64] = []
        values.reserveCapacity(count)
        var position = offset
        var last: Int64 = 0, lastDelta: Int64 = 0
        for _ in 0..<count {
            guard let raw = readVarint(bytes, &position) else { return nil }
            let coded = unzigzag(raw)
            switch order {
            case 0: last = coded
            case 1: last = last &+ coded
            default:
                lastDelta = lastDelta &+ coded
                last = last &+ lastDelta
            }
            values.append(last)
        }
        return position == bytes.count ? values : nil
    }

    private static func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: (value << 1) ^ (value >> 63)) }

    private static func unzigzag(_ raw: UInt64) -> Int64 {
        Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    private static func length(_ raw: UInt64) -> Int { (70 - (raw | 1).leadingZeroBitCount) / 7 }

    private static func appendVarint(_ raw: UInt64, to bytes: inout [UInt8]) {
        var rest = raw
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    private static func readVarint(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> UInt64? {
        var raw: UInt64 = 0
        var shift: UInt64 = 0
        while position < bytes.count, shift < 64 {
            let byte = bytes[position]
            position += 1
            raw |= UInt64(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return raw }
            shift += 7
        }
        return nil
    }
}
