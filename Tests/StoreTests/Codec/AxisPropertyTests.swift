import TestSupport
import Testing

@testable import Store

@Suite struct AxisPropertyTests {
    /// Steps as runs have them: even, with gaps, twice, late, far apart.
    private func steps(_ shape: Int, _ random: inout SplitMix) -> [Int64] {
        var next: Int64 = Int64.random(in: 0...1000, using: &random)
        return (0..<Int.random(in: 1...300, using: &random)).map { index in
            switch shape {
            case 0: next += 1
            case 1: next += Int64.random(in: 0...1, using: &random)
            case 2: next += index % 50 == 49 ? 10_000 : 1
            case 3: next = Int64.random(in: 0...BlockLimits.largestNumber, using: &random)
            default: next += 250
            }
            return next
        }.sorted()
    }

    @Test(arguments: 0...4)
    func `steps of every shape come back`(shape: Int) {
        var random = SplitMix(seed: UInt64(shape))
        for _ in 0..<40 {
            let steps = steps(shape, &random)
            #expect(AxisCodec.decodeSteps(AxisCodec.encodeSteps(steps), count: steps.count) == steps)
        }
    }

    @Test(arguments: 0...4)
    func `times of every shape take at most eleven bytes each and come back`(shape: Int) {
        var random = SplitMix(seed: UInt64(shape) + 9)
        for _ in 0..<20 {
            let times = steps(shape, &random)
            let bytes = AxisCodec.encode(times)
            #expect(bytes.count <= 1 + times.count * 10)
            #expect(bytes.withUnsafeBytes { AxisCodec.decode($0, count: times.count) } == times)
        }
    }

    @Test(
        arguments: [
            ([10, 10 + (1 << 48)], true), ([10, 11 + (1 << 48)], false), ([5, 4], false), ([5], true),
            ([0, 7, 14, 21], true),
            ([0, 7, 14, 22], false),
        ] as [([Int64], Bool)])
    func `a stride is taken only where no row of it can overflow`(steps: [Int64], isStrided: Bool) {
        if case .strided = AxisCodec.encodeSteps(steps) {
            #expect(isStrided)
        } else {
            #expect(!isStrided)
        }
        #expect(AxisCodec.decodeSteps(AxisCodec.encodeSteps(steps), count: steps.count) == steps)
    }

    @Test func `a damaged axis is refused or has the right count and range, never a trap`() {
        let times = (0..<40).map { Int64($0) * 1_000_003 + ($0 % 7 == 0 ? 5 : 0) }
        let bytes = AxisCodec.encode(times)
        for length in 0..<bytes.count {
            #expect(bytes.prefix(length).withUnsafeBytes { AxisCodec.decode($0, count: 40) } == nil)
        }
        for bit in 0..<bytes.count * 8 {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            guard let decoded = flipped.withUnsafeBytes({ AxisCodec.decode($0, count: 40) }) else { continue }
            #expect(decoded.count == 40)
            #expect(decoded.allSatisfy { (0...BlockLimits.largestNumber).contains($0) }, "bit \(bit)")
        }
    }

    @Test(arguments: [4097, -1, .max])
    func `counts that no block has are refused`(count: Int) {
        let bytes = AxisCodec.encode([Int64](repeating: 1, count: 4097))
        #expect(bytes.withUnsafeBytes { AxisCodec.decode($0, count: count) } == nil)
        #expect(AxisCodec.decodeSteps(.strided(first: 0, stride: 1), count: count) == nil)
        #expect(AxisCodec.decodeSteps(.explicit(bytes), count: count) == nil)
    }

    @Test func `a block's checksum covers each column, and the times`() {
        let head = BlockHead(
            id: 1, columnSet: 2, attempt: 3, count: 4, firstStep: 5, lastStep: 8, steps: .strided(first: 5, stride: 1),
            firstTime: 6, lastTime: 7)
        let explicit = BlockHead(
            id: 1, columnSet: 2, attempt: 3, count: 4, firstStep: 5, lastStep: 8, steps: .explicit([1]), firstTime: 6,
            lastTime: 7)
        var changed = head
        changed.id = 9
        let sums = [
            head.checksum(times: [1]), head.checksum(times: [2]), explicit.checksum(times: [1]),
            changed.checksum(times: [1]),
            BlockHead(
                id: 1, columnSet: 2, attempt: 3, count: 4, firstStep: 5, lastStep: 8,
                steps: .strided(first: 5, stride: 2), firstTime: 6, lastTime: 7
            ).checksum(times: [1]),
            BlockHead(
                id: 1, columnSet: 2, attempt: 3, count: 4, firstStep: 5, lastStep: 8,
                steps: .strided(first: 5, stride: 1), firstTime: 7, lastTime: 6
            ).checksum(times: [1]),
        ]
        #expect(Set(sums).count == sums.count)
    }
}
