import TestSupport
import Testing

@testable import Store

@Suite struct AdversarialColumnTests {
    @Test(arguments: AdversarialSeries.allCases)
    func `every series comes back bit by bit whatever its length`(series: AdversarialSeries) {
        for count in [1, 2, 3, 7, 8, 9, 63, 64, 65, 255, 256, 257, 1000, 4096] {
            let values = series.values(count, seed: UInt64(count))
            let decoded = ColumnCodec.decode(ColumnCodec.encode(values), count: count)
            #expect(decoded?.map(\.bitPattern) == values.map(\.bitPattern), "\(count) values")
        }
    }

    @Test(arguments: AdversarialSeries.allCases)
    func `no series takes much more than its eight bytes a value`(series: AdversarialSeries) {
        for count in [1, 2, 16, 256] {
            #expect(ColumnCodec.encode(series.values(count)).count <= 9 + 10 * count, "\(count) values")
        }
    }

    @Test(arguments: AdversarialSeries.allCases)
    func `bytes that end early, go on, or stand for another count are refused`(series: AdversarialSeries) {
        let values = series.values(61)
        let bytes = ColumnCodec.encode(values)
        for length in 0..<bytes.count {
            #expect(ColumnCodec.decode(Array(bytes[..<length]), count: 61) == nil, "cut to \(length)")
        }
        #expect(ColumnCodec.decode(bytes + [0], count: 61) == nil)
        #expect(ColumnCodec.decode(bytes, count: 0) == nil)
        #expect(ColumnCodec.decode(bytes, count: -1) == nil)
        // A constant says nothing of how often it stands; every other form ends with its last value.
        if bytes.first != 0 { #expect(ColumnCodec.decode(bytes, count: 62 + 8) == nil) }
    }

    @Test(arguments: AdversarialSeries.allCases)
    func `every flipped bit is found by the checksum, and what it decodes to has the right count`(
        series: AdversarialSeries
    ) {
        let bytes = ColumnCodec.encode(series.values(23))
        let sound = bytes.withUnsafeBytes { Checksum.chunk(series: 3, block: 4, blob: $0) }
        var unnoticed: [Int] = []
        for bit in 0..<bytes.count * 8 {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            if flipped.withUnsafeBytes({ Checksum.chunk(series: 3, block: 4, blob: $0) }) == sound {
                unnoticed.append(bit)
            }
            let decoded = ColumnCodec.decode(flipped, count: 23)
            #expect(decoded == nil || decoded?.count == 23, "bit \(bit)")
        }
        #expect(unnoticed == [])
    }

    @Test func `a chunk's checksum knows the series and the block it belongs to`() {
        let blob = ColumnCodec.encode([1, 2, 3])
        let sums = [(1, 1), (1, 2), (2, 1), (2, 2)].map { series, block in
            blob.withUnsafeBytes { Checksum.chunk(series: series, block: block, blob: $0) }
        }
        #expect(Set(sums).count == 4)
    }

    @Test(arguments: AdversarialSeries.allCases)
    func `a summary says of a series what counting says`(series: AdversarialSeries) {
        let values = series.values(100)
        let summary = ChunkSummary(of: values)
        let finite = values.filter(\.isFinite)
        #expect(summary.finite == finite.count)
        #expect(summary.notFinite == 100 - finite.count)
        #expect(summary.low == finite.sorted().first ?? 0)
        #expect(summary.high == finite.sorted().last ?? 0)
        #expect(summary.last == finite.last ?? 0)
        #expect(summary.sum == finite.reduce(0, +))
    }
}

/// Bytes that stand in people's files: a change here is a change of the format, and needs a form of its own.
@Suite struct StoredColumnTests {
    @Test(
        arguments: [
            ([1.5, 1.5, 1.5], [0, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f]),
            ([1, 2, 3, 4], [0x10, 2, 4, 6, 8]),
            ([1000, 1001, 1002], [0x11, 0xd0, 0x0f, 2, 2]),
            ([0, 1_000_000, 2_000_000, 3_000_000, 4_000_000], [0x12, 0, 0x80, 0x89, 0x7a, 0, 0, 0]),
            ([1, 1, 2, 0.5], [0x40, 0x3f, 0x80, 0, 0, 0x60, 0x8f, 0xff, 0x7f, 0]),
        ] as [([Double], [UInt8])])
    func `columns of each form are written as they always were`(values: [Double], bytes: [UInt8]) {
        #expect(ColumnCodec.encode(values) == bytes)
        #expect(ColumnCodec.decode(bytes, count: values.count) == values)
    }

    @Test(
        arguments: [
            ([0x20, 0x80, 0x80, 0x80, 0xf8, 0x07], [1.0]),
            ([0x30, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0xf0, 0x7f], [1.0]),
            ([0x50, 0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a], [0.1]),
        ] as [([UInt8], [Double])])
    func `forms the writer rarely picks are still read`(bytes: [UInt8], values: [Double]) {
        #expect(ColumnCodec.decode(bytes, count: values.count) == values)
    }
}
