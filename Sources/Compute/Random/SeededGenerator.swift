internal import Glibc

/// xoshiro256**, seeded through splitmix64 (Blackman and Vigna): small, fast, and its state is four words to save.
package struct SeededGenerator: RandomNumberGenerator, Sendable, Equatable {
    /// The whole state; saving and restoring it continues the same sequence.
    package private(set) var state: [UInt64]

    /// The sequence that belongs to `seed`.
    package init(seed: UInt64) {
        var mixer = seed
        state = (0..<4).map { _ in SeededGenerator.splitmix(&mixer) }
    }

    /// The sequence that continues from a saved `state`; nil when it is not four words of which one is not zero.
    package init?(restoring state: [UInt64]) {
        guard state.count == 4, state.contains(where: { $0 != 0 }) else { return nil }
        self.state = state
    }

    package mutating func next() -> UInt64 {
        let result = SeededGenerator.rotated(state[1] &* 5, by: 7) &* 9
        let shifted = state[1] << 17
        state[2] ^= state[0]
        state[3] ^= state[1]
        state[1] ^= state[2]
        state[0] ^= state[3]
        state[2] ^= shifted
        state[3] = SeededGenerator.rotated(state[3], by: 45)
        return result
    }

    /// Standard normal (Box-Muller, one value per two draws, so that no second value has to be saved).
    package mutating func normal() -> Float {
        let radius = (-2 * log(1 - Double(next() >> 11) * 0x1p-53)).squareRoot()
        let angle = 2 * Double.pi * Double(next() >> 11) * 0x1p-53
        return Float(radius * cos(angle))
    }

    private static func rotated(_ word: UInt64, by bits: UInt64) -> UInt64 {
        word << bits | word >> (64 - bits)
    }

    private static func splitmix(_ state: inout UInt64) -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
