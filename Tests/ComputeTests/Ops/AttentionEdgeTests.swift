import CKernels
import Glibc
import Testing

@testable import Compute

/// Several heads of one segment in the layout of a model: rows of q | k | v, heads side by side.
private struct HeadsCase {
    let length: Int
    let heads: Int
    let size: Int
    let input: [Float]

    init(length: Int, heads: Int, size: Int, seed: UInt64, scale: Float = 1) {
        (self.length, self.heads, self.size) = (length, heads, size)
        input = randomFloats(length * 3 * heads * size, seed: seed, scale: scale)
    }

    var width: Int { heads * size }

    /// The output and log-sum-exps of the textbook formula, for one head.
    func naive(head: Int) -> (output: [[Double]], logSums: [Double]) {
        let value = { (row: Int, kind: Int, index: Int) in
            Double(input[row * 3 * width + kind * width + head * size + index])
        }
        var output: [[Double]] = []
        var logSums: [Double] = []
        for query in 0..<length {
            let scores = (0...query).map { key in
                (0..<size).reduce(0.0) { $0 + value(query, 0, $1) * value(key, 1, $1) } / Double(size).squareRoot()
            }
            let peak = scores.max() ?? 0
            let logSum = peak + log(scores.reduce(0) { $0 + exp($1 - peak) })
            logSums.append(logSum)
            output.append(
                (0..<size).map { index in
                    (0...query).reduce(0.0) { $0 + exp(scores[$1] - logSum) * value($1, 2, index) }
                })
        }
        return (output, logSums)
    }

    /// Runs every head through the kernel; optionally the backward pass of `dOutput` as well.
    func run(variant: Int32, dOutput: [Float]? = nil) throws -> (output: [Float], logSums: [Float], gradient: [Float]) {
        let (memory, output) = (try arena(input), try arena([Float](repeating: .nan, count: length * width)))
        let logSums = try arena([Float](repeating: .nan, count: length * heads))
        let gradient = try arena([Float](repeating: .nan, count: input.count))
        try withVariant(variant) {
            let scratch = try arena([Float](repeating: .nan, count: kernels_attention_scratch(length, size)))
            for head in 0..<heads {
                let query = memory.base + head * size
                var call = kernels_attention(
                    query: query, key: query + width, value: query + 2 * width, row: 3 * width, length: length,
                    size: size, scale: 1 / Float(size).squareRoot(), output: output.base + head * size,
                    output_row: width, log_sum: logSums.base + head, log_sum_row: heads, adds_to_keys: false,
                    dropout: kernels_attention_dropout())
                kernels_attend(&call, scratch.base)
                guard let dOutput else { continue }
                let start = gradient.base + head * size
                dOutput.withUnsafeBufferPointer { dOutput in
                    guard let first = dOutput.baseAddress else { return }
                    kernels_attend_backward(
                        &call, first + head * size, start, start + width, start + 2 * width, scratch.base)
                }
            }
        }
        return withExtendedLifetime(memory) { (output.array, logSums.array, gradient.array) }
    }
}

@Suite struct `Attention kernels at odd sizes` {
    /// Lengths around a block of query rows (36 or 42) and around panels.
    @Test(arguments: runnableVariants, [1, 2, 8, 15, 17, 31, 36, 37, 42, 43, 73])
    func `heads side by side equal the textbook formula`(variant: Int32, length: Int) throws {
        for (heads, size) in [(1, 1), (3, 7), (2, 16), (1, 33)] {
            let fixture = HeadsCase(length: length, heads: heads, size: size, seed: UInt64(length * size))
            let result = try fixture.run(variant: variant)
            for head in 0..<heads {
                let expected = fixture.naive(head: head)
                let output = (0..<length).flatMap { row in
                    (0..<size).map { result.output[row * heads * size + head * size + $0] }
                }
                #expect(largestError(output, expected.output.flatMap(\.self)) < 2e-5, "\(heads) heads of \(size)")
                let logSums = (0..<length).map { result.logSums[$0 * heads + head] }
                #expect(largestError(logSums, expected.logSums) < 2e-5, "\(heads) heads of \(size)")
            }
        }
    }

    @Test(arguments: runnableVariants, [1, 5, 37, 50])
    func `no gradient and no output reaches back from later tokens`(variant: Int32, length: Int) throws {
        let short = HeadsCase(length: length, heads: 2, size: 5, seed: 3)
        let long = HeadsCase(length: length + 7, heads: 2, size: 5, seed: 3)
        #expect(Array(long.input.prefix(short.input.count)) == short.input)
        // The loss looks at the first tokens only; the later ones must change nothing and receive nothing.
        let dOutput = randomFloats(length * 10, seed: 4)
        let one = try short.run(variant: variant, dOutput: dOutput)
        let other = try long.run(variant: variant, dOutput: dOutput + [Float](repeating: 0, count: 70))
        #expect(largestError(Array(other.output.prefix(length * 10)), doubles(one.output)) < 1e-6)
        #expect(largestError(Array(other.gradient.prefix(short.input.count)), doubles(one.gradient)) < 1e-6)
        #expect(other.gradient.dropFirst(short.input.count).allSatisfy { $0 == 0 })
    }

    @Test(arguments: runnableVariants)
    func `equal keys attend evenly, so outputs are running means of the values`(variant: Int32) throws {
        let (length, size) = (50, 3)
        var input = [Float](repeating: 0, count: length * 3 * size)
        for row in 0..<length {
            for index in 0..<size {
                input[row * 9 + index] = Float(row)
                input[row * 9 + 3 + index] = 0.25
                input[row * 9 + 6 + index] = Float(row * (index + 1))
            }
        }
        let result = try HeadsCase(length: length, size: size, input: input).run(variant: variant)
        for row in 0..<length {
            for index in 0..<size {
                let mean = Double(row) / 2 * Double(index + 1)
                #expect(abs(Double(result.output[row * size + index]) - mean) < 1e-5 * max(1, mean))
            }
        }
    }

    @Test(arguments: runnableVariants, [1e4, 1e15] as [Float])
    func `one overwhelming key takes all attention without overflow`(variant: Int32, size: Float) throws {
        // Queries and keys along one axis: the score grows with the key's place, so each token sees only itself.
        let length = 40
        var input = [Float](repeating: 0, count: length * 3)
        for row in 0..<length {
            input[row * 3] = size
            input[row * 3 + 1] = Float(row + 1)
            input[row * 3 + 2] = Float(row)
        }
        let dOutput = [Float](repeating: 1, count: length)
        let result = try HeadsCase(length: length, size: 1, input: input).run(variant: variant, dOutput: dOutput)
        #expect(result.output == (0..<length).map(Float.init))
        #expect(result.gradient.allSatisfy { $0.isFinite })
        // All weight is on the token itself: only values receive a gradient, of exactly one each.
        #expect((0..<length).allSatisfy { result.gradient[$0 * 3 + 2] == 1 })
    }

    @Test(arguments: runnableVariants)
    func `a NaN in one token spoils no earlier one`(variant: Int32) throws {
        let clean = HeadsCase(length: 45, heads: 1, size: 4, seed: 5)
        var input = clean.input
        input[20 * 12 + 1] = .nan
        let spoiled = try HeadsCase(length: 45, size: 4, input: input).run(variant: variant)
        let expected = try clean.run(variant: variant)
        #expect(Array(spoiled.output[..<80]) == Array(expected.output[..<80]))
        #expect(spoiled.output[80..<84].allSatisfy { $0.isNaN })
    }
}

extension HeadsCase {
    fileprivate init(length: Int, size: Int, input: [Float]) {
        (self.length, heads, self.size, self.input) = (length, 1, size, input)
    }
}
