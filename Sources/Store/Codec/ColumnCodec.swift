/// The values of one series in one sealed block, in the smallest of five exact forms.
///
/// The first byte names the form. Metrics are mostly float32 in origin, so testing that first is the cheapest win;
/// schedules are smooth in their bit patterns, so their second differences take a byte or two.
enum ColumnCodec {
    private enum Form {
        static let constant: UInt8 = 0
        /// The values are whole numbers; plus the order of differences.
        static let integers: UInt8 = 0x10
        /// The bit patterns of float32; plus the order of differences.
        static let patterns32: UInt8 = 0x20
        /// The bit patterns of float64; plus the order of differences.
        static let patterns64: UInt8 = 0x30
        static let xor32: UInt8 = 0x40
        static let xor64: UInt8 = 0x50
    }

    static func encode(_ values: [Double]) -> [UInt8] {
        guard let first = values.first else { return [] }
        if values.allSatisfy({ $0.bitPattern == first.bitPattern }) { return constant(first.bitPattern) }
        if let integers = wholeNumbers(values) { return deltas(integers, form: Form.integers) }
        if let patterns = floatPatterns(values) {
            return smaller(
                deltas(patterns.map { Int64($0) }, form: Form.patterns32),
                XorBits.encode(patterns, width: 32, after: [Form.xor32]))
        }
        let patterns = values.map(\.bitPattern)
        return smaller(
            deltas(patterns.map { Int64(bitPattern: $0) }, form: Form.patterns64),
            XorBits.encode(patterns, width: 64, after: [Form.xor64]))
    }

    /// The `count` values of `bytes`, or nil where they are not what `encode` writes.
    static func decode(_ bytes: UnsafeRawBufferPointer, count: Int) -> [Double]? {
        guard let form = bytes.first else { return count == 0 ? [] : nil }
        guard count > 0 else { return nil }
        switch form {
        case Form.constant: return decodeConstant(bytes, count: count)
        case Form.xor32:
            return XorBits.decode(bytes, from: 1, width: 32, count: count)?.map(double(float32:))
        case Form.xor64:
            return XorBits.decode(bytes, from: 1, width: 64, count: count)?.map { Double(bitPattern: $0) }
        default: break
        }
        let order = Int(form & 0x0f)
        guard let integers = VarintDeltas.decode(bytes, from: 1, order: order, count: count) else { return nil }
        switch form & 0xf0 {
        case Form.integers: return integers.map { Double($0) }
        case Form.patterns32: return integers.map { double(float32: UInt64(bitPattern: $0)) }
        case Form.patterns64: return integers.map { Double(bitPattern: UInt64(bitPattern: $0)) }
        default: return nil
        }
    }

    static func decode(_ bytes: [UInt8], count: Int) -> [Double]? { bytes.withUnsafeBytes { decode($0, count: count) } }

    // MARK: - Forms

    private static func constant(_ pattern: UInt64) -> [UInt8] {
        [Form.constant] + (0..<8).map { UInt8(truncatingIfNeeded: pattern >> UInt64(8 * $0)) }
    }

    private static func decodeConstant(_ bytes: UnsafeRawBufferPointer, count: Int) -> [Double]? {
        // A count no block can have would only cost memory.
        guard bytes.count == 9, count <= BlockLimits.largestRows else { return nil }
        let pattern = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
        return [Double](repeating: Double(bitPattern: pattern), count: count)
    }

    private static func deltas(_ values: [Int64], form: UInt8) -> [UInt8] {
        let best = VarintDeltas.best(for: values)
        var bytes = [form | UInt8(best.order)]
        bytes.reserveCapacity(best.bytes + 1)
        VarintDeltas.append(values, order: best.order, to: &bytes)
        return bytes
    }

    private static func smaller(_ first: [UInt8], _ second: [UInt8]) -> [UInt8] {
        second.count < first.count ? second : first
    }

    private static func double(float32 pattern: UInt64) -> Double {
        Double(Float(bitPattern: UInt32(truncatingIfNeeded: pattern)))
    }

    /// The values as integers when each is one exactly, within the range where a double counts in ones.
    private static func wholeNumbers(_ values: [Double]) -> [Int64]? {
        var integers: [Int64] = []
        integers.reserveCapacity(values.count)
        for value in values {
            guard abs(value) < 9_007_199_254_740_992, value.rounded(.towardZero) == value else { return nil }
            // -0.0 would come back as 0.0.
            if value == 0, value.sign == .minus { return nil }
            integers.append(Int64(value))
        }
        return integers
    }

    /// The bit patterns as float32 when nothing is lost by it; a NaN with a payload may not survive and is not taken.
    private static func floatPatterns(_ values: [Double]) -> [UInt64]? {
        var patterns: [UInt64] = []
        patterns.reserveCapacity(values.count)
        for value in values {
            let narrow = Float(value)
            guard Double(narrow).bitPattern == value.bitPattern else { return nil }
            patterns.append(UInt64(narrow.bitPattern))
        }
        return patterns
    }
}

/// Limits that a block keeps, so that damaged counts are refused before memory is reserved for them.
enum BlockLimits {
    /// Rows of a column set that are sealed together.
    static let rows = 256
    /// More rows than any block has: late rows of one attempt are sealed with whatever is there.
    static let largestRows = 4096
    /// Steps and times above this are no measurement: 2^60 ns are 36 years.
    static let largestNumber: Int64 = 1 << 60
}
