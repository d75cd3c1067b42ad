import Protocol
import TestSupport
import Testing

@testable import Store

@Suite struct ColumnCodecTests {
    private func roundTrip(_ values: [Double]) -> [UInt64]? {
        ColumnCodec.decode(ColumnCodec.encode(values), count: values.count)?.map(\.bitPattern)
    }

    @Test(arguments: [UInt64](1...40))
    func `values of every kind come back bit by bit`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        for kind in 0..<9 {
            let values = (0..<Int.random(in: 1...300, using: &random)).map { value(kind, $0, &random) }
            #expect(roundTrip(values) == values.map(\.bitPattern), "seed \(seed) kind \(kind)")
        }
    }

    private func value(_ kind: Int, _ index: Int, _ random: inout SplitMix) -> Double {
        switch kind {
        case 0: 0.25
        case 1: Double(Int.random(in: -5000...5000, using: &random))
        case 2: Double(Float.random(in: -2...2, using: &random))
        case 3: Double.random(in: 0...1e-3, using: &random)
        case 4: Double(bitPattern: random.next())
        case 5: [Double.nan, .infinity, -.infinity, 0, -0.0, 1.5][Int.random(in: 0..<6, using: &random)]
        case 6: 3e-4 * (1 - Double(index) / 1000)
        case 7: Double(Float(bitPattern: UInt32(truncatingIfNeeded: random.next())))
        default: Double(index) * 9_007_199_254_740_992
        }
    }

    @Test func `edges of the number range come back`() {
        let edges = [
            Double.greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, 9_007_199_254_740_991,
            -9_007_199_254_740_991, 9_007_199_254_740_992, 1, -1, 0, -0.0, Double(bitPattern: 0x7ff8_0000_dead_beef),
        ]
        #expect(roundTrip(edges) == edges.map(\.bitPattern))
        for edge in edges { #expect(roundTrip([edge]) == [edge.bitPattern]) }
    }

    @Test func `a constant takes nine bytes whatever the count`() {
        #expect(ColumnCodec.encode([Double](repeating: 0.1, count: 256)).count == 9)
    }

    @Test func `a counter takes about a byte a value`() {
        #expect(ColumnCodec.encode((0..<256).map { Double(1000 + 512 * $0) }).count <= 262)
    }

    @Test func `a smooth schedule takes far less than its eight bytes a value`() {
        #expect(ColumnCodec.encode((0..<256).map { 3e-4 * (1 - Double($0) / 1000) }).count <= 3 * 256)
    }

    @Test func `float32 noise takes less than four bytes a value`() {
        var random = SplitMix(seed: 5)
        let values = (0..<256).map { _ in Double(Float.random(in: 1...2, using: &random)) }
        #expect(ColumnCodec.encode(values).count < 4 * 256)
    }

    @Test func `an empty column is no bytes`() {
        #expect(ColumnCodec.encode([]) == [])
        #expect(ColumnCodec.decode([], count: 0) == [])
    }

    @Test(arguments: [UInt64](1...20))
    func `malformed bytes are refused or decoded to the right count, never trap`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let kind = Int(seed % 9)
        let sound = ColumnCodec.encode((0..<64).map { value(kind, $0, &random) })
        for _ in 0..<300 {
            var bytes = sound
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8(truncatingIfNeeded: random.next())
            }
            if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0...bytes.count, using: &random)) }
            let decoded = ColumnCodec.decode(bytes, count: 64)
            #expect(decoded == nil || decoded?.count == 64)
        }
    }

    @Test func `a count that cannot be there is refused before memory is reserved`() {
        let form: [[UInt8]] = [
            [0, 1, 2, 3, 4, 5, 6, 7, 8], [0x11, 2, 2], [0x22, 2], [0x31, 2], [0x40, 1], [0x50, 1],
        ]
        for bytes in form { #expect(ColumnCodec.decode(bytes, count: .max) == nil) }
    }

    @Test func `unknown forms are refused`() {
        for form in UInt8(0x60)...0xff { #expect(ColumnCodec.decode([form, 0, 0], count: 1) == nil) }
    }
}

@Suite struct AxisCodecTests {
    @Test func `steps that rise evenly are a first and a stride`() {
        #expect(AxisCodec.encodeSteps([10, 15, 20]) == .strided(first: 10, stride: 5))
        #expect(AxisCodec.encodeSteps([7]) == .strided(first: 7, stride: 1))
        #expect(AxisCodec.decodeSteps(.strided(first: 10, stride: 5), count: 3) == [10, 15, 20])
    }

    @Test(arguments: [[3, 3, 4], [1, 2, 4], [0, 1 << 60], [5, 5]] as [[Int64]])
    func `other steps are kept one by one`(steps: [Int64]) {
        guard case .explicit = AxisCodec.encodeSteps(steps) else {
            Issue.record("\(steps) were taken for even ones")
            return
        }
        #expect(AxisCodec.decodeSteps(AxisCodec.encodeSteps(steps), count: steps.count) == steps)
    }

    @Test(arguments: [UInt64](1...20))
    func `times come back`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let times = (0..<200).map { Int64($0) * 1_000_000 + Int64.random(in: 0...5000, using: &random) }
        #expect(AxisCodec.encode(times).withUnsafeBytes { AxisCodec.decode($0, count: 200) } == times)
    }

    @Test func `numbers outside the range are refused`() {
        let negative = AxisCodec.encode([-1])
        #expect(negative.withUnsafeBytes { AxisCodec.decode($0, count: 1) } == nil)
        #expect(AxisCodec.decodeSteps(.strided(first: -1, stride: 1), count: 2) == nil)
        #expect(AxisCodec.decodeSteps(.strided(first: 1, stride: .max), count: 4096) == nil)
        #expect(AxisCodec.decodeSteps(.strided(first: 1, stride: 1), count: .max) == nil)
    }
}

@Suite struct ChecksumTests {
    @Test func `the CRC is that of IEEE 802-3`() {
        #expect(CRC32.of(Array("123456789".utf8)) == 0xcbf4_3926)
        #expect(CRC32.of([]) == 0)
        #expect(CRC32.of(Array("The quick brown fox jumps over the lazy dog".utf8)) == 0x414f_a339)
    }

    @Test func `adding in parts gives the same as adding at once`() {
        let bytes = (0..<100).map { UInt8($0) }
        for cut in 0...100 {
            var crc = CRC32()
            crc.add(Array(bytes[..<cut]))
            crc.add(Array(bytes[cut...]))
            #expect(crc.value == CRC32.of(bytes))
        }
    }

    @Test func `every single flipped bit changes it`() {
        let bytes = (0..<40).map { UInt8($0 * 5) }
        for bit in 0..<320 {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(CRC32.of(flipped) != CRC32.of(bytes))
        }
    }
}
