import Testing

@testable import Compute

@Suite struct SeededGeneratorTests {
    @Test func `the sequence is xoshiro256**`() throws {
        // The first values from state 1, 2, 3, 4, as the authors' C code gives them.
        var generator = try #require(SeededGenerator(restoring: [1, 2, 3, 4]))
        #expect((0..<4).map { _ in generator.next() } == [11520, 0, 1_509_978_240, 1_215_971_899_390_074_240])
    }

    @Test func `the seed is spread by splitmix64`() {
        #expect(SeededGenerator(seed: 0).state.first == 0xE220_A839_7B1D_CDAF)
        #expect(SeededGenerator(seed: 0) != SeededGenerator(seed: 1))
    }

    @Test func `a saved state continues the same sequence`() throws {
        var generator = SeededGenerator(seed: 9)
        _ = generator.normal()
        var restored = try #require(SeededGenerator(restoring: generator.state))
        #expect((0..<10).map { _ in generator.normal() } == (0..<10).map { _ in restored.normal() })
    }

    @Test func `normal values have mean 0 and variance 1`() {
        var generator = SeededGenerator(seed: 5)
        let values = (0..<20_000).map { _ in generator.normal() }
        let mean = values.reduce(0, +) / 20_000
        let variance = values.reduce(0) { $0 + $1 * $1 } / 20_000
        #expect(abs(mean) < 0.03)
        #expect(abs(variance - 1) < 0.05)
    }

    /// Made by an independent implementation of xoshiro256** behind splitmix64.
    @Test(
        arguments: [
            (0, [0x99EC_5F36_CB75_F2B4, 0xBF6E_1F78_4956_452A, 0x1A5F_849D_4933_E6E0]),
            (1, [0xB3F2_AF6D_0FC7_10C5, 0x853B_5596_4736_4CEA, 0x92F8_9756_082A_4514]),
            (42, [0x1578_0B2E_0C2E_C716, 0x6104_D986_6D11_3A7E, 0xAE17_5332_39E4_99A1]),
            (.max, [0x8F55_20D5_2A7E_AD08, 0xC476_A018_CAA1_802D, 0x81DE_31C0_D260_469E]),
        ] as [(UInt64, [UInt64])])
    func `a seed gives the same sequence for ever`(seed: UInt64, expected: [UInt64]) {
        var generator = SeededGenerator(seed: seed)
        #expect(expected.indices.map { _ in generator.next() } == expected)
    }

    @Test(arguments: [[], [1, 2, 3], [1, 2, 3, 4, 5], [0, 0, 0, 0]] as [[UInt64]])
    func `a state that is not one is refused`(state: [UInt64]) {
        #expect(SeededGenerator(restoring: state) == nil)
    }

    @Test func `normal values are finite, symmetric and have normal tails`() {
        var generator = SeededGenerator(seed: 8)
        let values = (0..<40_000).map { _ in generator.normal() }
        #expect(values.allSatisfy { $0.isFinite })
        // Shares of a normal distribution beyond 1, 2 and 3 deviations.
        for (limit, share) in [(Float(1), 0.3173), (2, 0.0455), (3, 0.0027)] {
            let (above, below) = (values.count { $0 > limit }, values.count { $0 < -limit })
            #expect(abs(Double(above + below) / 40_000 - share) < 0.01)
            #expect(abs(above - below) < 600)
        }
    }

    @Test func `bits are set half of the time and neighbours are not alike`() {
        var generator = SeededGenerator(seed: 9)
        var counts = [Int](repeating: 0, count: 64)
        var flips = 0
        var before = generator.next()
        for _ in 0..<4000 {
            let word = generator.next()
            for bit in 0..<64 where word >> UInt64(bit) & 1 == 1 { counts[bit] += 1 }
            flips += (word ^ before).nonzeroBitCount
            before = word
        }
        #expect(counts.allSatisfy { (1800...2200).contains($0) })
        #expect((127_000...129_000).contains(flips))
    }
}
