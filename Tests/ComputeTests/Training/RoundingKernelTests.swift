import CKernels
import Testing

@testable import Compute

@Suite struct `Low-precision rounding` {
    private func rounded(
        _ values: [Float], _ kernel: (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>) -> Void
    ) -> [Float] {
        var values = values
        values.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            kernel(base, buffer.count, base)
        }
        return values
    }

    /// Every exponent, with fractions around the points where rounding changes.
    private static let values: [Float] = (0..<256).flatMap { exponent in
        [
            0, 1, 0xFFF, 0x1000, 0x1001, 0x2FFF, 0x3000, 0x3001, 0x7FFF, 0x8000, 0x8001, 0x18000, 0x7FE000, 0x7FEFFF,
            0x7FF000, 0x7FFFFF, 0x2AAAAA,
        ].flatMap { fraction -> [Float] in
            let bits = UInt32(exponent) << 23 | UInt32(fraction)
            return [Float(bitPattern: bits), Float(bitPattern: bits | 0x8000_0000)]
        }
    }

    @Test func `binary16 is rounded as Float16 rounds`() {
        let results = rounded(Self.values, kernels_round_float16)
        for (value, result) in zip(Self.values, results) {
            let expected = Float(Float16(value))
            #expect(
                result.bitPattern == expected.bitPattern || (result.isNaN && expected.isNaN),
                "\(value): \(result), not \(expected)")
        }
    }

    @Test func `bfloat16 takes the nearer of its two neighbours, the even one of equals`() {
        let results = rounded(Self.values, kernels_round_bfloat16)
        for (value, result) in zip(Self.values, results) {
            if value.isNaN {
                #expect(result.isNaN)
                continue
            }
            #expect(result.bitPattern & 0xFFFF == 0)
            let below = Float(bitPattern: value.bitPattern & 0xFFFF_0000)
            let above = Float(bitPattern: (value.bitPattern & 0xFFFF_0000) &+ 0x10000)
            let rest = value.bitPattern & 0xFFFF
            let isEven = below.bitPattern & 0x10000 == 0
            let expected = rest < 0x8000 || (rest == 0x8000 && isEven) ? below : above
            #expect(result == expected, "\(value): \(result), not \(expected)")
        }
    }

    @Test func `the first values past the largest become infinite`() {
        #expect(
            rounded([65_504, 65_519, 65_520, -65_520], kernels_round_float16) == [
                65_504, 65_504, .infinity, -.infinity,
            ])
        #expect(rounded([0x1p-25, 0x1.8p-25, 0x1p-24], kernels_round_float16) == [0, 0x1p-24, 0x1p-24])
    }
}
