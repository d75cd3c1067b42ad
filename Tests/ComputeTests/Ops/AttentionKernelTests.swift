import CKernels
import Glibc
import Testing

@testable import Compute

/// One head of one segment, q | k | v interleaved in rows of 3 * size.
private struct HeadCase: Sendable, CustomStringConvertible {
    let length: Int
    let size: Int
    var description: String { "\(length) tokens of \(size)" }
    var scale: Double { 1 / Double(size).squareRoot() }
}

private let cases = [
    HeadCase(length: 1, size: 3), HeadCase(length: 5, size: 8), HeadCase(length: 33, size: 16),
    HeadCase(length: 97, size: 6),
]

@Suite struct AttentionKernelTests {
    @Test(arguments: runnableVariants, cases)
    fileprivate func `causal attention equals the naive formula`(variant: Int32, head: HeadCase) throws {
        let input = randomFloats(head.length * 3 * head.size, seed: 1)
        let result = try attend(input, head, variant: variant)
        let expected = naiveAttention(doubles(input), head)
        #expect(largestError(result.output, expected.output) < 1e-5)
        #expect(largestError(result.logSums, expected.logSums) < 1e-5)
    }

    @Test(arguments: runnableVariants, cases)
    fileprivate func `its backward pass agrees with finite differences`(variant: Int32, head: HeadCase) throws {
        let input = randomFloats(head.length * 3 * head.size, seed: 2)
        let dOutput = randomFloats(head.length * head.size, seed: 3)
        let gradient = try attend(input, head, variant: variant, dOutput: dOutput).gradient
        let loss = { (x: [Double]) in
            zip(naiveAttention(x, head).output, dOutput).reduce(0.0) { $0 + $1.0 * Double($1.1) }
        }
        let sampled = stride(from: 0, to: input.count, by: max(1, input.count / 40)).map { $0 }
        let expected = sampled.map { derivative(of: loss, at: doubles(input), element: $0) }
        #expect(largestError(sampled.map { gradient[$0] }, expected) < 1e-4)
    }

    @Test(arguments: runnableVariants)
    func `very large scores stay finite`(variant: Int32) throws {
        let head = HeadCase(length: 40, size: 4)
        let input = randomFloats(head.length * 3 * head.size, seed: 4, scale: 100)
        let result = try attend(input, head, variant: variant, dOutput: [Float](repeating: 1, count: 160))
        #expect(result.output.allSatisfy { $0.isFinite })
        #expect(result.gradient.allSatisfy { $0.isFinite })
    }
}

private func naiveAttention(_ input: [Double], _ head: HeadCase) -> (output: [Double], logSums: [Double]) {
    let row = 3 * head.size
    var output = [Double](repeating: 0, count: head.length * head.size)
    var logSums: [Double] = []
    for query in 0..<head.length {
        let scores = (0...query).map { key in
            (0..<head.size).reduce(0.0) { sum, index in
                sum + input[query * row + index] * input[key * row + head.size + index]
            } * head.scale
        }
        let largest = scores.max() ?? 0
        let logSum = largest + log(scores.reduce(0) { $0 + exp($1 - largest) })
        logSums.append(logSum)
        for key in 0...query {
            for index in 0..<head.size {
                output[query * head.size + index] +=
                    exp(scores[key] - logSum) * input[key * row + 2 * head.size + index]
            }
        }
    }
    return (output, logSums)
}

private func attend(
    _ input: [Float], _ head: HeadCase, variant: Int32, dOutput: [Float]? = nil
) throws -> (output: [Float], logSums: [Float], gradient: [Float]) {
    let (row, size) = (3 * head.size, head.size)
    let (input, output, logSums) = (
        try arena(input), try Arena(count: head.length * size), try Arena(count: head.length)
    )
    let gradient = try arena([Float](repeating: .nan, count: head.length * row))
    try withVariant(variant) {
        let scratch = try arena([Float](repeating: .nan, count: kernels_attention_scratch(head.length, size)))
        var call = kernels_attention(
            query: input.base, key: input.base + size, value: input.base + 2 * size, row: row, length: head.length,
            size: size, scale: Float(head.scale), output: output.base, output_row: size, log_sum: logSums.base,
            log_sum_row: 1, adds_to_keys: false, dropout: kernels_attention_dropout())
        withExtendedLifetime(input) {
            kernels_attend(&call, scratch.base)
            if let dOutput {
                kernels_attend_backward(
                    &call, dOutput, gradient.base, gradient.base + size, gradient.base + 2 * size, scratch.base)
            }
        }
    }
    return (output.array, logSums.array, gradient.array)
}
