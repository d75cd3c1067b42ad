import Protocol
import TestSupport
import Testing

@testable import Store

@Suite struct CRCReferenceTests {
    /// The definition: a bit at a time.
    private func slow(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0xedb8_8320 : crc >> 1 }
        }
        return ~crc
    }

    @Test(arguments: 0...3)
    func `eight bytes at a time give what one bit at a time gives, wherever the bytes begin`(offset: Int) {
        var random = SplitMix(seed: UInt64(offset))
        let bytes = (0..<100).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        for length in 0...70 {
            let part = bytes[offset..<offset + length]
            var crc = CRC32()
            part.withUnsafeBytes { crc.add($0) }
            #expect(crc.value == slow(part), "\(length) bytes")
        }
    }

    @Test(arguments: [UInt64](1...8))
    func `every burst of up to 32 wrong bits is found`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let bytes = (0..<64).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        for _ in 0..<200 {
            var broken = bytes
            let start = Int.random(in: 0..<480, using: &random)
            let burst = UInt32(truncatingIfNeeded: random.next()) | 1
            for bit in 0..<32 where burst >> UInt32(bit) & 1 == 1 {
                broken[(start + bit) / 8] ^= 1 << UInt8((start + bit) % 8)
            }
            #expect(CRC32.of(broken) != CRC32.of(bytes))
        }
    }

    @Test func `a number counts as its eight bytes, a text as its UTF-8`() {
        var crc = CRC32()
        crc.add(Int64(0x0102_0304_0506_0708))
        crc.add(-2.0)
        crc.add("é")
        let bytes: [UInt8] = [8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0xc0, 0xc3, 0xa9]
        #expect(crc.value == slow(bytes))
    }
}

@Suite struct VarintReferenceTests {
    @Test(
        arguments: [
            ([0, -1, 1, 63, 64, -64, -65], 0, [0, 1, 2, 126, 0x80, 1, 127, 0x81, 1]),
            ([.max], 0, [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
            ([.min], 0, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
            ([10, 12, 12, 9], 1, [20, 4, 0, 5]), ([10, 12, 12, 9], 2, [20, 15, 3, 5]),
            (
                [.min, .max], 1,
                [
                    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1,
                ]
            ), ([], 0, []),
        ] as [([Int64], Int, [UInt8])])
    func `numbers are written as they always were`(values: [Int64], order: Int, expected: [UInt8]) {
        var bytes: [UInt8] = []
        VarintDeltas.append(values, order: order, to: &bytes)
        #expect(bytes == expected)
        let back = expected.withUnsafeBytes { VarintDeltas.decode($0, from: 0, order: order, count: values.count) }
        #expect(back == values)
    }

    /// Shapes that numbers come in: even, falling, with gaps, at the ends of their range, at random.
    private func numbers(_ shape: Int, _ random: inout SplitMix) -> [Int64] {
        (0..<Int64.random(in: 1...80, using: &random)).map { index in
            switch shape {
            case 0: 1_000_000 &* index
            case 1: Int64.max &- index &* 977
            case 2: index + (index % 13 == 0 ? 1 << 40 : 0)
            case 3: [Int64.min, .max, 0, -1][Int(random.next() % 4)]
            case 4: Int64.random(in: -3...3, using: &random)
            default: Int64(bitPattern: random.next())
            }
        }
    }

    @Test(arguments: 0...5)
    func `the order chosen is the shortest of the three, and each gives the numbers back`(shape: Int) {
        var random = SplitMix(seed: UInt64(shape) + 40)
        for _ in 0..<40 {
            let values = numbers(shape, &random)
            let all = VarintDeltas.orders.map { order in
                var bytes: [UInt8] = []
                VarintDeltas.append(values, order: order, to: &bytes)
                let back = bytes.withUnsafeBytes {
                    VarintDeltas.decode($0, from: 0, order: order, count: values.count)
                }
                #expect(back == values, "order \(order)")
                return bytes.count
            }
            let best = VarintDeltas.best(for: values)
            #expect(best.bytes == all.min())
            #expect(all[best.order] == best.bytes)
        }
    }

    @Test(arguments: 0...2)
    func `numbers cut short anywhere are refused`(order: Int) {
        var bytes: [UInt8] = []
        VarintDeltas.append([5, -70_000, .max, 3, 3, .min], order: order, to: &bytes)
        for length in 0..<bytes.count {
            let back = bytes.prefix(length).withUnsafeBytes {
                VarintDeltas.decode($0, from: 0, order: order, count: 6)
            }
            #expect(back == nil, "cut to \(length)")
        }
    }
}

@Suite struct BitReferenceTests {
    /// Bits as text: slow and obvious.
    private func text(_ bits: UInt64, _ count: Int) -> String {
        (0..<count).reversed().map { bits >> UInt64($0) & 1 == 1 ? "1" : "0" }.joined()
    }

    @Test(arguments: [UInt64](1...10))
    func `bits stand in the bytes one after another, the highest first`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var writer = BitWriter()
        var expected = ""
        for _ in 0..<50 {
            let count = Int.random(in: 1...64, using: &random), bits = random.next()
            // What stands above the lowest `count` bits must not show.
            writer.write(bits, count)
            expected += text(bits, count)
        }
        expected += String(repeating: "0", count: (8 - expected.count % 8) % 8)
        #expect(writer.finished().map { text(UInt64($0), 8) }.joined() == expected)
    }

    @Test func `a reader is at its end when only filling is left`() {
        let states = [UInt8(0b1010_0000), 0xff].withUnsafeBytes { bytes -> [Bool] in
            var reader = BitReader(bytes, from: 0)
            return [3, 5, 1, 7].map { count in
                _ = reader.read(count)
                return reader.isAtEnd
            }
        }
        #expect(states == [false, false, true, true])
    }

    @Test(arguments: [32, 64], [UInt64](1...6))
    func `patterns cut short anywhere, or followed by a byte, are refused`(width: Int, seed: UInt64) {
        var random = SplitMix(seed: seed)
        let patterns = (0..<20).map { _ in (random.next() >> UInt64(64 - width)) >> (random.next() % 3 * 8) }
        let bytes = XorBits.encode(patterns, width: width, after: [])
        let decode = { (bytes: [UInt8]) in
            bytes.withUnsafeBytes { XorBits.decode($0, from: 0, width: width, count: 20) }
        }
        #expect(decode(bytes) == patterns)
        for length in 0..<bytes.count { #expect(decode(Array(bytes[..<length])) == nil, "cut to \(length)") }
        #expect(decode(bytes + [0]) == nil)
    }
}
