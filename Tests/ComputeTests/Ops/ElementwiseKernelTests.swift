import CKernels
import Glibc
import Testing

@testable import Compute

@Suite struct ElementwiseKernelTests {
    private let sweep: [Float] = (-2000...2000).map { Float($0) / 100 }

    @Test func `exponentials are right to seven digits`() {
        var out = [Float](repeating: 0, count: sweep.count)
        kernels_exp(sweep, 0.5, sweep.count, &out)
        for (x, y) in zip(sweep, out) {
            let expected = exp(Double(x - 0.5))  // the difference is rounded before the exponential
            #expect(abs(Double(y) / expected - 1) < 3e-7)
        }
    }

    @Test func `exponentials of extreme values do not overflow and NaN stays NaN`() {
        let extremes: [Float] = [-1000, 1000, .nan, -.infinity]
        var out = [Float](repeating: 0, count: 4)
        kernels_exp(extremes, 0, 4, &out)
        #expect(out[0] >= 0 && out[0] < 1e-37)
        #expect(out[1] > 1e38 && out[1].isFinite)
        #expect(out[2].isNaN)
        #expect(out[3] >= 0 && out[3] < 1e-37)
    }

    @Test(arguments: [1, 5, 16, 37, 200])
    func `log-sum-exp and entropy match their definitions`(count: Int) {
        let logits = randomFloats(count, seed: UInt64(count), scale: 4)
        var entropy: Float = 0
        let logSum = kernels_log_sum_exp(logits, count, &entropy)
        let largest = doubles(logits).max() ?? 0
        let expected = largest + log(doubles(logits).reduce(0) { $0 + exp($1 - largest) })
        let expectedEntropy = doubles(logits).reduce(0.0) { $0 - exp($1 - expected) * ($1 - expected) }
        #expect(abs(Double(logSum) - expected) < 1e-5)
        #expect(abs(Double(entropy) - expectedEntropy) < 1e-5)
        #expect(kernels_log_sum_exp(logits, count, nil) == logSum)
    }

    @Test func `the scaled softmax sums to its coefficient`() {
        var logits = randomFloats(50, seed: 3)
        let logSum = kernels_log_sum_exp(logits, 50, nil)
        let expected = logits.map { -0.25 * exp(Double($0) - Double(logSum)) }
        kernels_softmax_scaled(&logits, 50, logSum, -0.25)
        #expect(largestError(logits, expected) < 1e-6)
        #expect(abs(logits.reduce(0, +) + 0.25) < 1e-6)
    }

    @Test func `sums cover every element`() {
        var y = randomFloats(37, seed: 4)
        let before = y
        kernels_add([Float](repeating: 1, count: 37), 37, &y)
        #expect(y == before.map { $0 + 1 })
        #expect(kernels_sum_of_squares([3, 4, 12], 3) == 169)
    }

    @Test func `embedding adds the token's and the position's row`() {
        var out = [Float](repeating: 0, count: 4)
        kernels_embed([2, 0], [0, 1], [1, 2, 3, 4, 5, 6], [10, 20, 30, 40], 2, 2, &out)
        #expect(out == [15, 26, 31, 42])
    }

    @Test func `embedding gradients add up where a token occurs twice`() {
        var dTokens = [Float](repeating: 0, count: 6)
        var dPositions: [Float] = [1, 1, 1, 1]
        kernels_embed_backward([2, 2], [0, 1], [1, 2, 3, 4], 2, 2, 0, 1, &dTokens, &dPositions)
        #expect(dTokens == [0, 0, 0, 0, 4, 0])
        kernels_embed_backward([2, 2], [0, 1], [1, 2, 3, 4], 2, 2, 1, 2, &dTokens, &dPositions)
        #expect(dTokens == [0, 0, 0, 0, 4, 6])
        #expect(dPositions == [2, 3, 4, 5])
    }
}
