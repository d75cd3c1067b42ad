import Protocol
import TestSupport
import Testing

@testable import Store

@Suite struct BitStreamTests {
    @Test(arguments: [UInt64](1...20))
    func `groups of bits of any width come back`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let groups = (0..<200).map { _ -> (bits: UInt64, count: Int) in
            let count = Int.random(in: 1...64, using: &random)
            return (random.next() >> UInt64(64 - count), count)
        }
        var writer = BitWriter(after: [0xaa])
        for group in groups { writer.write(group.bits, group.count) }
        let bytes = writer.finished()
        #expect(bytes.first == 0xaa)
        #expect(bytes.count == 1 + (groups.reduce(0) { $0 + $1.count } + 7) / 8)
        let read = bytes.withUnsafeBytes { bytes -> [UInt64?] in
            var reader = BitReader(bytes, from: 1)
            return groups.map { reader.read($0.count) }
        }
        #expect(read == groups.map(\.bits))
    }

    @Test func `the most significant bit comes first and the end is filled with zeros`() {
        var writer = BitWriter()
        writer.write(0b1, 1)
        writer.write(0b0101, 4)
        #expect(writer.finished() == [0b1010_1000])
    }

    @Test func `past the end there is nothing`() {
        let read = [UInt8(0xff), 0xff].withUnsafeBytes { bytes -> [UInt64?] in
            var reader = BitReader(bytes, from: 0)
            return [reader.read(16), reader.read(1), reader.read(64)]
        }
        #expect(read == [0xffff, nil, nil])
    }
}

@Suite struct VarintDeltaTests {
    private func roundTrip(_ values: [Int64], order: Int) -> [Int64]? {
        var bytes: [UInt8] = []
        VarintDeltas.append(values, order: order, to: &bytes)
        return bytes.withUnsafeBytes { VarintDeltas.decode($0, from: 0, order: order, count: values.count) }
    }

    @Test(arguments: 0...2)
    func `every number comes back in every order`(order: Int) {
        let edges: [Int64] = [0, -1, 1, .max, .min, .max, 63, 64, -64, -65, 8191, 8192, 1 << 60]
        #expect(roundTrip(edges, order: order) == edges)
    }

    @Test func `the best order is the one that takes the fewest bytes`() {
        #expect(VarintDeltas.best(for: [5, -3, 7, -2, 6]).order == 0)
        #expect(VarintDeltas.best(for: [100_000, 100_003, 100_001, 100_007]).order == 1)
        #expect(VarintDeltas.best(for: (0..<20).map { 1_000_000 * $0 }).order == 2)
    }

    @Test(arguments: [UInt64](1...10))
    func `the size it foretells is the size it takes`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let values = (0..<100).map { _ in Int64(bitPattern: random.next() >> UInt64.random(in: 0...63, using: &random))
        }
        let best = VarintDeltas.best(for: values)
        var bytes: [UInt8] = []
        VarintDeltas.append(values, order: best.order, to: &bytes)
        #expect(bytes.count == best.bytes)
    }

    @Test func `bytes left over, bytes missing and numbers without an end are refused`() {
        let cases: [([UInt8], Int)] = [
            ([2, 2, 2], 2), ([2], 2), ([0x80], 1), ([UInt8](repeating: 0x80, count: 11), 1),
        ]
        for (bytes, count) in cases {
            #expect(bytes.withUnsafeBytes { VarintDeltas.decode($0, from: 0, order: 1, count: count) } == nil)
        }
        #expect([UInt8]([2]).withUnsafeBytes { VarintDeltas.decode($0, from: 0, order: 3, count: 1) } == nil)
        #expect([UInt8]([2]).withUnsafeBytes { VarintDeltas.decode($0, from: 0, order: 1, count: -1) } == nil)
    }
}

@Suite struct XorBitsTests {
    private func roundTrip(_ patterns: [UInt64], width: Int) -> [UInt64]? {
        XorBits.encode(patterns, width: width, after: [9]).withUnsafeBytes {
            XorBits.decode($0, from: 1, width: width, count: patterns.count)
        }
    }

    @Test(arguments: [32, 64])
    func `patterns of both widths come back`(width: Int) {
        let all = width == 32 ? UInt64(UInt32.max) : .max
        let patterns = [0, all, 0, 1, 1 << UInt64(width - 1), all, all, 0x5555_5555 & all, 0]
        #expect(roundTrip(patterns, width: width) == patterns)
        #expect(roundTrip([], width: width) == [])
        #expect(roundTrip([all], width: width) == [all])
    }

    @Test func `a repeat takes one bit`() {
        let bytes = XorBits.encode([UInt64](repeating: 7, count: 65), width: 64, after: [])
        #expect(bytes.count == 8 + 64 / 8)
    }

    @Test func `a window that leaves the width is refused`() {
        // First value, then: changed, new window, 63 leading zeros, 64 bits wide.
        var writer = BitWriter()
        writer.write(0, 64)
        writer.write(0b11, 2)
        writer.write(63, 6)
        writer.write(63, 6)
        writer.write(.max, 64)
        let bytes = writer.finished()
        #expect(bytes.withUnsafeBytes { XorBits.decode($0, from: 0, width: 64, count: 2) } == nil)
    }

    @Test func `an old window before there is one is refused`() {
        var writer = BitWriter()
        writer.write(0, 32)
        writer.write(0b10, 2)
        writer.write(.max, 30)
        let bytes = writer.finished()
        #expect(bytes.withUnsafeBytes { XorBits.decode($0, from: 0, width: 32, count: 2) } == nil)
    }
}

@Suite struct ChunkSummaryTests {
    @Test func `finite values are summed up, the others counted`() {
        let summary = ChunkSummary(of: [2, .nan, -1, .infinity, 4, -.infinity])
        #expect(summary == ChunkSummary(finite: 3, notFinite: 3, low: -1, high: 4, sum: 5, last: 4))
    }

    @Test func `without a finite value there is nothing to sum up`() {
        #expect(ChunkSummary(of: [.nan]) == ChunkSummary(finite: 0, notFinite: 1, low: 0, high: 0, sum: 0, last: 0))
    }

    @Test func `its checksum covers each number and what it belongs to`() {
        let summary = ChunkSummary(of: [1, 2, 3])
        let sound = summary.checksum(series: 1, block: 2)
        var others = [summary.checksum(series: 2, block: 2), summary.checksum(series: 1, block: 3)]
        for change in [\ChunkSummary.low, \.high, \.sum, \.last] {
            var changed = summary
            changed[keyPath: change] += 1
            others.append(changed.checksum(series: 1, block: 2))
        }
        #expect(others.contains(sound) == false)
        #expect(Set(others).count == others.count)
    }
}

@Suite struct StoredTextTests {
    @Test func `a list of series comes back`() {
        #expect(SeriesList.text([1, 20, 3]) == "[1,20,3]")
        #expect(SeriesList.parse("[1,20,3]") == [1, 20, 3])
        #expect(SeriesList.parse("") == [])
        #expect(SeriesList.parse("[1,x,3") == [1])
    }

    @Test func `a buffer's lists come back, damaged ones are empty`() {
        #expect(BufferText.ready(["b": 2, "a": 1]) == "{\"a\":1,\"b\":2}")
        #expect(BufferText.ready("{\"a\":1}") == ["a": 1])
        #expect(BufferText.ready("{\"a\":") == [:])
        #expect(BufferText.staleness([3, 0, 1]) == "[3,0,1]")
        #expect(BufferText.staleness("[3,0,1]") == [3, 0, 1])
        #expect(BufferText.staleness("") == [])
    }

    @Test func `log levels keep their order on disk`() {
        #expect([LogLevel.debug, .info, .warning, .error].map(\.rank) == [0, 1, 2, 3])
        #expect((0...3).map { LogLevel.ranked($0) } == [.debug, .info, .warning, .error])
        #expect(LogLevel.ranked(77) == .error)
    }
}
