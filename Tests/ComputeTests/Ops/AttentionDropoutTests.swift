import CKernels
import Glibc
import Testing

@testable import Compute

/// Sequences of several lengths in a batch of two chunks, for grouped heads of an odd width.
private struct MaskedAttention {
    static let heads = 4, keyValueHeads = 2, size = 6
    static let lengths = [5, 1, 44, 60]
    static let rowWidth = (heads + 2 * keyValueHeads) * size
    static let width = heads * size
    static let rows = 110

    let dropout: Dropout
    let seed: UInt64?

    init(rate: Float = 0.3, place: Int = 3, seed: UInt64? = 11) {
        dropout = Dropout(rate: rate, place: place)
        self.seed = seed
    }

    private var attention: Attention {
        Attention(
            heads: Self.heads, keyValueHeads: Self.keyValueHeads, headWidth: Self.size, dropout: dropout)
    }

    struct Result {
        var output: [Float]
        var logSums: [Float]
        var gradient: [Float]
    }

    /// Through the op, in chunks that begin at the batch rows 0 and `cut`.
    func run(_ input: [Float], _ dOutput: [Float], threads: Int = 1, cut: Int = 6) throws -> Result {
        let input = try arena(input), dOutput = try arena(dOutput)
        let output = try Arena(count: Self.rows * Self.width), logSums = try Arena(count: Self.rows * Self.heads)
        let gradient = try arena([Float](repeating: .nan, count: Self.rows * Self.rowWidth))
        let stride = attention.scratchCount(length: Self.rows)
        let scratch = try arena([Float](repeating: .nan, count: threads * stride))
        let pass = Pass(
            pool: try ThreadPool(threads: threads), weights: input.base, packed: scratch.base,
            scratch: LaneScratch(base: scratch.base, stride: stride),
            logits: LogitsMemory(base: scratch.base, rows: 0, row: 0, isKept: false), dropoutSeed: seed)
        let batch = PackedBatch(sequences: Self.lengths.map { [Int32](repeating: 0, count: $0) })
        let segments = (0..<batch.sequenceCount).map { batch.range(ofSequence: $0) }
        let chunks = [segments.filter { $0.lowerBound < cut }, segments.filter { $0.lowerBound >= cut }]
        batch.withChunks(chunks.filter { !$0.isEmpty }) { chunks in
            for chunk in chunks {
                let first = chunk.start
                attention.forward(
                    chunk, queryKeyValue: input.base + first * Self.rowWidth, to: output.base + first * Self.width,
                    logSums: logSums.base + first * Self.heads, pass)
                attention.backward(
                    chunk, dOutput: dOutput.base + first * Self.width,
                    queryKeyValue: input.base + first * Self.rowWidth, output: output.base + first * Self.width,
                    logSums: logSums.base + first * Self.heads, to: gradient.base + first * Self.rowWidth, pass)
            }
        }
        return withExtendedLifetime((input, dOutput, scratch)) {
            Result(output: output.array, logSums: logSums.array, gradient: gradient.array)
        }
    }

    /// What a weight is multiplied by: zero or 1 / (1 - rate).
    private func factor(row: Int, head: Int, key: Int) -> Double {
        // The seed of a place and the number of a row are written out, as a second opinion on the op's own.
        let place = seed.map { $0 &+ UInt64(dropout.place) &* 0xD134_2543_DE82_EF95 }
        guard let place, dropout.rate > 0 else { return 1 }
        let isDropped = kernels_dropout_drops(
            place, UInt64(row * Self.heads + head), UInt32(key), dropout.rate)
        return isDropped ? 0 : 1 / (1 - Double(dropout.rate))
    }

    /// The textbook formula in Double: softmax over all keys, then the mask, then the mean of the values.
    func reference(_ input: [Double]) -> [Double] {
        var output = [Double](repeating: 0, count: Self.rows * Self.width)
        var start = 0
        for length in Self.lengths {
            for row in start..<start + length {
                for head in 0..<Self.heads { attend(row, head, from: start, input, &output) }
            }
            start += length
        }
        return output
    }

    private func attend(_ row: Int, _ head: Int, from start: Int, _ input: [Double], _ output: inout [Double]) {
        let size = Self.size, group = head / (Self.heads / Self.keyValueHeads)
        let query = row * Self.rowWidth + head * size
        let keys = (start...row).map { $0 * Self.rowWidth + Self.width + group * size }
        let scores = keys.map { key in
            (0..<size).reduce(0.0) { $0 + input[query + $1] * input[key + $1] } / Double(size).squareRoot()
        }
        let peak = scores.max() ?? 0
        let weights = scores.map { exp($0 - peak) }
        let total = weights.reduce(0, +)
        for (position, key) in keys.enumerated() {
            let weight = weights[position] / total * factor(row: row, head: head, key: position)
            for index in 0..<size {
                output[row * Self.width + head * size + index] +=
                    weight * input[key + Self.keyValueHeads * size + index]
            }
        }
    }
}

@Suite struct `Attention dropout` {
    private let input = randomFloats(MaskedAttention.rows * MaskedAttention.rowWidth, seed: 1)
    private let dOutput = randomFloats(MaskedAttention.rows * MaskedAttention.width, seed: 2)

    @Test(arguments: runnableVariants, [0.1, 0.5, 0.9] as [Float])
    func `outputs equal the textbook formula with the mask after the softmax`(variant: Int32, rate: Float) throws {
        let masked = MaskedAttention(rate: rate)
        let result = try withVariant(variant) { try masked.run(input, dOutput) }
        #expect(largestError(result.output, masked.reference(doubles(input))) < 1e-5)
    }

    @Test(arguments: runnableVariants)
    func `gradients equal finite differences of the textbook formula`(variant: Int32) throws {
        let masked = MaskedAttention()
        let gradient = try withVariant(variant) { try masked.run(input, dOutput).gradient }
        let loss = { (x: [Double]) in
            zip(masked.reference(x), dOutput).reduce(0.0) { $0 + $1.0 * Double($1.1) }
        }
        // A stride that shares no factor with a row: queries, keys and values of all heads and sequences.
        let sampled = Array(stride(from: 0, to: input.count, by: 211))
        let expected = sampled.map { derivative(of: loss, at: doubles(input), element: $0) }
        #expect(largestError(sampled.map { gradient[$0] }, expected) < 1e-4)
        #expect(expected.contains { abs($0) > 0.1 })
    }

    @Test(arguments: runnableVariants)
    func `a rate of zero and a pass without a seed give the bits of attention without dropout`(variant: Int32) throws {
        try withVariant(variant) {
            let plain = try MaskedAttention(rate: 0, seed: nil).run(input, dOutput)
            for other in [MaskedAttention(rate: 0), MaskedAttention(seed: nil)] {
                let result = try other.run(input, dOutput)
                #expect(result.output == plain.output)
                #expect(result.logSums == plain.logSums)
                #expect(result.gradient == plain.gradient)
            }
            let masked = try MaskedAttention().run(input, dOutput)
            #expect(masked.output != plain.output)
            #expect(masked.logSums == plain.logSums)
        }
    }

    @Test func `threads and the cutting of a batch into chunks change no bit`() throws {
        let expected = try MaskedAttention().run(input, dOutput)
        for (threads, cut) in [(2, 6), (3, 6), (1, 0), (2, 51)] {
            let result = try MaskedAttention().run(input, dOutput, threads: threads, cut: cut)
            #expect(result.output == expected.output)
            #expect(result.gradient == expected.gradient)
        }
    }

    @Test func `every seed and every place has a mask of its own`() throws {
        let outputs = try [(3, 11), (3, 12), (4, 11)].map { place, seed in
            try MaskedAttention(place: place, seed: seed).run(input, dOutput).output
        }
        #expect(Set(outputs).count == 3)
    }

    @Test(arguments: runnableVariants, [0.1, 0.5] as [Float])
    func `heads, rows and keys each keep the share they should`(variant: Int32, rate: Float) throws {
        // Equal keys and values of one: an output is the share of its weights that were kept, over 1 - rate.
        var input = [Float](repeating: 0, count: MaskedAttention.rows * MaskedAttention.rowWidth)
        let firstValue = MaskedAttention.width + MaskedAttention.keyValueHeads * MaskedAttention.size
        for row in 0..<MaskedAttention.rows {
            for value in firstValue..<MaskedAttention.rowWidth { input[row * MaskedAttention.rowWidth + value] = 1 }
        }
        let output = try withVariant(variant) { try MaskedAttention(rate: rate).run(input, dOutput).output }
        // The last sequence's later rows, each with 30 keys or more.
        var shares: [[Float]] = []
        for head in 0..<MaskedAttention.heads {
            shares.append((80..<110).map { output[$0 * MaskedAttention.width + head * MaskedAttention.size] })
            let mean = shares[head].reduce(0, +) / 30
            #expect(abs(mean - 1) < 0.08, "head \(head)")
            #expect(shares[head].allSatisfy { abs($0 - 1) < 0.6 })
        }
        #expect(Set(shares).count == MaskedAttention.heads)
    }

    @Test func `no key position is dropped more than others`() {
        for key in 0..<64 as Range<UInt32> {
            let dropped = (0..<4000 as Range<UInt64>).count { kernels_dropout_drops(5, $0, key, 0.25) }
            #expect(abs(Double(dropped) / 4000 - 0.25) < 0.035, "key \(key)")
        }
    }

    @Test func `layers have places of their own, none of which is another dropout's`() {
        var spec = ModelSpec.gpt2(vocabularySize: 5, contextLength: 4, width: 4, layers: 3, heads: 1)
        spec.dropout.attention = 0.5
        let blocks = Transformer(spec: spec, table: spec.parameterTable()).blocks
        // Embeddings have 0; the two residuals of each layer have 1 to 6.
        #expect(blocks.map(\.attention.dropout.place) == [7, 8, 9])
        #expect(blocks.allSatisfy { $0.attention.dropout.rate == 0.5 })
    }

    @Test func `a model drops in training, otherwise in every step, and not in evaluation`() throws {
        var spec = ModelSpec.gpt2(vocabularySize: 9, contextLength: 12, width: 16, layers: 2, heads: 2)
        let pool = try ThreadPool(threads: 1)
        let plain = try LanguageModel(spec: spec, seed: 1, pool: pool)
        spec.dropout.attention = 0.5
        let dropping = try LanguageModel(spec: spec, seed: 1, pool: pool)
        let batch = PackedBatch(sequences: [[1, 2, 3, 4, 5, 6], [7, 8]])
        let expected = try plain.score(batch)
        #expect(try dropping.score(batch) == expected)
        #expect(try plain.score(batch, ForwardOptions(dropoutSeed: 1)) == expected)
        let engine = try TrainEngine(model: dropping, options: OptimizerOptions(learningRate: 0))
        var seen = [expected.logProbabilities]
        for _ in 0..<2 {
            _ = try engine.trainBatch([batch], dropout: .active) { _, outputs in
                seen.append(outputs.logProbabilities)
                return outputs.logProbabilities.map { _ in 0 }
            }
        }
        #expect(Set(seen).count == 3)
    }
}
