import Glibc
import Testing

@testable import Compute

/// Expected angles are those that Hugging Face's `ROPE_INIT_FUNCTIONS` of transformers 5.23 give for these settings.
@Suite struct RotaryPositionTests {
    @Test func `plain frequencies fall by equal factors from one radian`() {
        let (angles, amplitude) = RotaryPosition(base: 10_000).frequencies(headWidth: 8, length: 1)
        #expect(zip(angles, [1, 0.1, 0.01, 0.001]).allSatisfy { abs($0 - $1) < 1e-12 })
        #expect(amplitude == 1)
    }

    @Test func `linear scaling divides every angle`() {
        let rotary = RotaryPosition(base: 10_000, scaling: .linear(factor: 4))
        #expect(
            zip(rotary.frequencies(headWidth: 4, length: 1).angles, [0.25, 0.0025]).allSatisfy { abs($0 - $1) < 1e-12 })
    }

    @Test func `dynamic scaling begins after the original context`() {
        let rotary = RotaryPosition(base: 10_000, scaling: .dynamic(factor: 2, originalContext: 100))
        let plain = RotaryPosition(base: 10_000)
        #expect(
            rotary.frequencies(headWidth: 8, length: 100).angles == plain.frequencies(headWidth: 8, length: 1).angles)
        // 10000 * (2 * 300 / 100 - 1) ^ (8 / 6), to the power of -2 / 8.
        let stretched = rotary.frequencies(headWidth: 8, length: 300).angles
        #expect(abs(stretched[1] - pow(10_000 * pow(5, 8.0 / 6), -0.25)) < 1e-12)
    }

    @Test func `Llama 3 keeps short wavelengths and divides long ones`() {
        let rotary = RotaryPosition(
            base: 500_000,
            scaling: .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 8192))
        let plain = RotaryPosition(base: 500_000).frequencies(headWidth: 64, length: 1).angles
        let angles = rotary.frequencies(headWidth: 64, length: 1).angles
        #expect(angles[0] == plain[0])
        #expect(abs(angles[31] - plain[31] / 8) < 1e-15)
        #expect(zip(angles, angles.dropFirst()).allSatisfy { $0 > $1 })
    }

    @Test func `YaRN leaves the fastest pairs, divides the slowest and raises the amplitude`() {
        let rotary = RotaryPosition(base: 10_000, scaling: .yarn(.init(factor: 4, originalContext: 2048)))
        let plain = RotaryPosition(base: 10_000).frequencies(headWidth: 64, length: 1).angles
        let (angles, amplitude) = rotary.frequencies(headWidth: 64, length: 1)
        #expect(angles[0] == plain[0])
        #expect(abs(angles[31] - plain[31] / 4) < 1e-15)
        #expect(abs(amplitude - (0.1 * log(4) + 1)) < 1e-15)
    }

    @Test func `a table has the same rows however it grew`() throws {
        let position = RotaryPosition(base: 100, scaling: .dynamic(factor: 2, originalContext: 8))
        var grown = try RotaryTable(position, headWidth: 4, contextLength: 64)
        for length in 1...20 { try grown.reserve([length]) }
        var fresh = try RotaryTable(position, headWidth: 4, contextLength: 64)
        try fresh.reserve([20, 5])
        for length in [5, 20] {
            let (a, b) = (grown.firstRow(length: length), fresh.firstRow(length: length))
            for index in 0..<length * 4 { #expect(grown.base[a * 4 + index] == fresh.base[b * 4 + index]) }
        }
        #expect(grown.base[0] == 1)
        #expect(abs(Double(fresh.base[4]) - cos(1)) < 1e-7)
    }
}
