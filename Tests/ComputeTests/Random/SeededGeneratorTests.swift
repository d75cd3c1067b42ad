import Foundation
import Testing

@testable import Compute

@Suite struct SeededGeneratorTests {
    @Test func `the sequence is xoshiro256**`() throws {
        // The first values from state 1, 2, 3, 4, as the authors' C code gives them.
        var generator = try JSONDecoder().decode(SeededGenerator.self, from: Data(#"{"state":[1,2,3,4]}"#.utf8))
        #expect((0..<4).map { _ in generator.next() } == [11520, 0, 1_509_978_240, 1_215_971_899_390_074_240])
    }

    @Test func `the seed is spread by splitmix64`() {
        #expect(SeededGenerator(seed: 0).state.first == 0xE220_A839_7B1D_CDAF)
        #expect(SeededGenerator(seed: 0) != SeededGenerator(seed: 1))
    }

    @Test func `a saved state continues the same sequence`() throws {
        var generator = SeededGenerator(seed: 9)
        _ = generator.normal()
        var restored = try JSONDecoder().decode(SeededGenerator.self, from: JSONEncoder().encode(generator))
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

    @Test func `uniform values fill zero to one`() {
        var generator = SeededGenerator(seed: 6)
        let values = (0..<10_000).map { _ in generator.uniform() }
        #expect(values.allSatisfy { (0..<1).contains($0) })
        #expect((values.min() ?? 1) < 0.01 && (values.max() ?? 0) > 0.99)
    }
}
