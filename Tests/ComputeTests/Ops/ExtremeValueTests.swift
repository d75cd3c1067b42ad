import CKernels
import Glibc
import Testing

@testable import Compute

@Suite struct `Kernels at extreme values` {
    @Test(arguments: [0x7FC0_0000, 0xFFC0_0000, 0x7FC0_0001, 0x7F80_0001, 0xFFC0_00FF, 0x7FFF_FFFF] as [UInt32])
    func `no kind of NaN comes out of an exponential as a number`(pattern: UInt32) {
        let nan = Float(bitPattern: pattern)
        for count in [1, 7, 8, 9, 17, 33] {
            var input = [Float](repeating: 0.5, count: count)
            input[count / 2] = nan
            var out = [Float](repeating: 0, count: count)
            kernels_exp(input, 0, count, &out)
            #expect(out[count / 2].isNaN, "\(count) floats")
            #expect(out.count { $0.isNaN } == 1)
            var entropy: Float = 0
            #expect(kernels_log_sum_exp(input, count, &entropy).isNaN)
            #expect(entropy.isNaN)
            kernels_softmax_scaled(&input, count, 1, 0.5)
            #expect(input[count / 2].isNaN)
        }
    }

    @Test func `the exponential is right to seven digits over its whole range and never falls`() {
        let input = (-8700...8800).map { Float($0) / 100 }
        var out = [Float](repeating: 0, count: input.count)
        kernels_exp(input, 0, input.count, &out)
        for (x, y) in zip(input, out) { #expect(abs(Double(y) / exp(Double(x)) - 1) < 3e-7, "e^\(x)") }
        #expect(zip(out, out.dropFirst()).allSatisfy { $0 < $1 })
        #expect(out[8700] == 1)
    }

    @Test(arguments: [1, 2, 15, 16, 17, 31, 32, 33, 100])
    func `log-sum-exp neither overflows nor loses the largest`(count: Int) {
        for (offset, spread) in [(0, 1), (1e30, 0), (-1e30, 0), (3e4, 100), (-3e4, 1e4)] as [(Float, Float)] {
            for place in [0, count / 2, count - 1] {
                var logits = randomFloats(count, seed: UInt64(count), scale: spread).map { offset - abs($0) }
                logits[place] = offset
                let peak = Double(offset)
                let total = logits.reduce(0.0) { $0 + exp(Double($1) - peak) }
                let expected = peak + log(total)
                let logSum = kernels_log_sum_exp(logits, count, nil)
                #expect(abs(Double(logSum) - expected) < 1e-6 * max(1, abs(expected)))
            }
        }
    }

    @Test(arguments: [1, 3, 16, 31, 200])
    func `entropy lies between nought and the logarithm of the count`(count: Int) {
        for scale in [0, 0.1, 3, 50, 1000] as [Float] {
            let logits = randomFloats(count, seed: 3, scale: scale)
            var entropy: Float = -1
            _ = kernels_log_sum_exp(logits, count, &entropy)
            #expect(entropy > -1e-5 && entropy < logf(Float(count)) + 1e-5)
            if scale == 0 { #expect(abs(entropy - logf(Float(count))) < 1e-5) }
        }
    }

    @Test(arguments: [1, 5, 16, 33], [-1000, 0, 1000] as [Float])
    func `a scaled softmax does not see an offset common to all logits`(count: Int, offset: Float) {
        // Quarters, so that adding the offset rounds nothing.
        let plain = randomFloats(count, seed: 4, scale: 3).map { ($0 * 4).rounded() / 4 }
        var shifted = plain.map { $0 + offset }
        let logSum = kernels_log_sum_exp(shifted, count, nil)
        kernels_softmax_scaled(&shifted, count, logSum, 2)
        let total = plain.reduce(0.0) { $0 + exp(Double($1)) }
        // The log-sum-exp itself is a float near a thousand, good to four digits behind the point.
        #expect(largestError(shifted, plain.map { 2 * exp(Double($0)) / total }) < 2e-4)
    }

    @Test(arguments: [1, 2, 3, 8, 17, 31, 64])
    func `a constant row normalises to its shift`(width: Int) {
        for value in [0, 1, -7.25, 1e-20, 4096] as [Float] {
            let (gain, shift) = (randomFloats(width, seed: 5), randomFloats(width, seed: 6))
            var (out, mean, rstd) = ([Float](repeating: .nan, count: width), Float.nan, Float.nan)
            let input = [Float](repeating: value, count: width)
            kernels_layer_norm(input, gain, shift, 1e-5, 1, width, &out, &mean, &rstd)
            #expect(largestError(out, doubles(shift)) < 1e-6)
            #expect(rstd <= 316.3)
        }
    }

    @Test(arguments: [(1e-6, 1e-3), (1e3, 1e-5), (1e15, 1e-5)] as [(Float, Double)])
    func `a norm's rows have mean nought and variance one at any scale`(scale: Float, tolerance: Double) {
        let (rows, width) = (5, 37)
        let input = randomFloats(rows * width, seed: 7, scale: scale)
        var out = [Float](repeating: .nan, count: rows * width)
        let (ones, zeros) = ([Float](repeating: 1, count: width), [Float](repeating: 0, count: width))
        kernels_layer_norm(input, ones, zeros, 1e-30, rows, width, &out, nil, nil)
        for row in 0..<rows {
            let values = doubles(Array(out[row * width..<(row + 1) * width]))
            #expect(abs(values.reduce(0, +)) / Double(width) < tolerance)
            #expect(abs(values.reduce(0) { $0 + $1 * $1 } / Double(width) - 1) < tolerance)
        }
    }

    @Test(arguments: runnableVariants)
    func `GELU is nought far below zero and its argument far above`(variant: Int32) throws {
        let points: [Float] = [-1e6, -1000, -50, -10, -0.0, 0, 1e-20, 10, 50, 1000, 1e6]
        let (inputs, one) = (try arena(points), try arena([1]))
        let (c, activated) = (try Arena(count: points.count), try Arena(count: points.count))
        try withVariant(variant) {
            // A product with the 1 x 1 matrix [1]: the pre-activations are the points themselves.
            let packed = try Arena(count: kernels_packed_count(1, 1))
            kernels_pack(one.base, 1, 1, 1, 1, packed.base, 0, 1)
            var product = kernels_product()
            (product.a, product.a_row, product.a_column) = (FloatPointer(inputs.base), 1, 1)
            (product.packed, product.k, product.n, product.c, product.c_row) = (
                FloatPointer(packed.base), 1, 1, c.base, 1
            )
            (product.finish, product.activated, product.activated_row) = (Int32(KERNELS_GELU), activated.base, 1)
            withExtendedLifetime((inputs, one, packed)) { kernels_multiply(&product, 0, points.count) }
            #expect(largestError(activated.array, points.map { referenceGELU(Double($0)) }) < 1e-6)
            product.finish = Int32(KERNELS_GELU_DERIVATIVE)
            product.activated = inputs.base
            (product.a, product.a_row) = (FloatPointer(one.base), 0)
            withExtendedLifetime((inputs, one, packed)) { kernels_multiply(&product, 0, points.count) }
        }
        #expect(largestError(c.array, [0, 0, 0, 0, 0.5, 0.5, 0.5, 1, 1, 1, 1]) < 1e-6)
    }

    @Test(arguments: [1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 1000])
    func `a sum of squares does not overflow where a float would`(count: Int) {
        let large = [Float](repeating: -1e30, count: count)
        #expect(
            abs(kernels_sum_of_squares(large, count) / (Double(Float(1e30)) * Double(Float(1e30))) - Double(count))
                < 1e-9)
        let small = [Float](repeating: 1e-30, count: count)
        #expect(kernels_sum_of_squares(small, count) > 0)
        var odd = [Float](repeating: 1, count: count)
        odd[count - 1] = .infinity
        #expect(kernels_sum_of_squares(odd, count) == .infinity)
    }

    @Test(arguments: [1, 3, 7, 8, 9, 15, 16, 17, 31, 33])
    func `embeddings and sums reach every column and no further`(width: Int) {
        let (tokens, positions) = (randomFloats(4 * width, seed: 9), randomFloats(3 * width, seed: 10))
        let (ids, places): ([Int32], [Int32]) = ([3, 0, 3], [0, 2, 1])
        var out = [Float](repeating: 7, count: 3 * width + 1)
        kernels_embed(ids, places, tokens, positions, 3, width, &out)
        for row in 0..<3 {
            for column in 0..<width {
                let sum = tokens[Int(ids[row]) * width + column] + positions[Int(places[row]) * width + column]
                #expect(out[row * width + column] == sum)
            }
        }
        #expect(out[3 * width] == 7)
        var (dTokens, dPositions) = ([Float](repeating: 0, count: 4 * width), [Float](repeating: 0, count: 3 * width))
        let cut = width / 2
        for (begin, end) in [(0, cut), (cut, width)] {
            kernels_embed_backward(ids, places, out, 3, width, begin, end, &dTokens, &dPositions)
        }
        for column in 0..<width {
            #expect(dTokens[3 * width + column] == out[column] + out[2 * width + column])
            #expect(dTokens[width + column] == 0 && dTokens[2 * width + column] == 0)
            #expect(dPositions[2 * width + column] == out[width + column])
        }
    }
}
