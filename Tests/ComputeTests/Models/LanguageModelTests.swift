import CKernels
import Testing

@testable import Compute

@Suite struct LanguageModelTests {
    private let spec = ModelSpec.gpt2(vocabularySize: 9, contextLength: 8, width: 12, layers: 2, heads: 3)
    private let sequences: [[Int32]] = [[1, 2, 3, 4], [8], [0, 7, 0, 7, 0, 7, 0, 7], [5, 5]]

    @Test(arguments: runnableVariants)
    func `all gradients agree with finite differences`(variant: Int32) throws {
        try withVariant(variant) {
            let model = try makeModel()
            model.changeWeights { kernels_scale($0.base, 4, $0.count) }
            let batch = PackedBatch(sequences: sequences)
            let coefficients = randomFloats(batch.tokens.count, seed: 4, scale: 0.3)
            let gradients = try Arena(count: model.table.count)
            _ = try model.forward(batch)
            try model.backward(coefficients: coefficients, into: gradients)
            for parameter in model.table.parameters {
                for element in [0, parameter.count / 2, parameter.count - 1].map({ parameter.offset + $0 }) {
                    let numeric = try slope(model, batch, coefficients, element)
                    let error = abs(gradients.base[element] - numeric) / max(1, abs(numeric))
                    #expect(error < 0.005, "\(parameter.name) at \(element - parameter.offset)")
                }
            }
        }
    }

    @Test func `packed sequences do not see each other`() throws {
        let model = try makeModel()
        let together = try model.forward(PackedBatch(sequences: sequences), ForwardOptions(entropy: .compute))
        let apart = try sequences.map {
            try model.forward(PackedBatch(sequences: [$0]), ForwardOptions(entropy: .compute))
        }
        #expect(largestError(together.logProbabilities, doubles(apart.flatMap(\.logProbabilities))) < 1e-6)
        #expect(largestError(together.entropies, doubles(apart.flatMap(\.entropies))) < 1e-6)
    }

    @Test func `scoring gives what the forward pass gives, chunk by chunk`() throws {
        let model = try makeModel(threads: 2)
        let batch = PackedBatch(sequences: (0..<900).map { index in sequences[index % 4] })
        #expect(batch.segments(perChunkOf: 512).count == 7)
        let scored = try model.score(batch, ForwardOptions(entropy: .compute))
        #expect(try model.forward(batch, ForwardOptions(entropy: .compute)) == scored)
        #expect(try model.score(batch).entropies.isEmpty)
    }

    /// A batch that all threads share, and one whose chunks they claim.
    @Test(arguments: [1, 900], [1, 2])
    func `forward and backward in one go give the bits of both passes`(repeats: Int, threads: Int) throws {
        let model = try makeModel(threads: threads)
        let batch = PackedBatch(sequences: (0..<repeats).flatMap { sequences[($0 % 3)...] })
        let coefficients = randomFloats(batch.tokens.count, seed: 7)
        let (apart, inOneGo) = (try Arena(count: model.table.count), try Arena(count: model.table.count))
        let expected = try model.forward(batch, ForwardOptions(entropy: .compute))
        try model.backward(coefficients: coefficients, into: apart)
        let outputs = try model.accumulate(
            batch, ForwardOptions(entropy: .compute), coefficients: coefficients, into: inOneGo)
        #expect(outputs == expected)
        #expect(inOneGo.array == apart.array)
        #expect(throws: ComputeError.self) {
            try model.accumulate(batch, coefficients: [1], into: inOneGo)
        }
    }

    @Test func `gradients of a batch that threads claim in chunks are the sum over its parts`() throws {
        let model = try makeModel(threads: 2)
        let parts = (0..<10).map { part in PackedBatch(sequences: (0..<60).map { sequences[($0 * part) % 4] }) }
        let whole = PackedBatch(sequences: (0..<10).flatMap { part in (0..<60).map { sequences[($0 * part) % 4] } })
        #expect(whole.segments(perChunkOf: 512).count >= 4)
        let (summed, claimed) = (try Arena(count: model.table.count), try Arena(count: model.table.count))
        for (batch, gradients) in parts.map({ ($0, summed) }) + [(whole, claimed)] {
            let outputs = try model.forward(batch)
            try model.backward(coefficients: outputs.logProbabilities, into: gradients)
        }
        let scale = doubles(summed.array).map(abs).max() ?? 0
        let error = zip(claimed.array, summed.array).map { abs(Double($0) - Double($1)) }.max() ?? .infinity
        #expect(scale > 1)
        #expect(error < 1e-5 * scale)
    }

    @Test func `positions without a target have log-probability zero`() throws {
        let outputs = try makeModel().forward(PackedBatch(sequences: [[1, 2], [3]]))
        #expect(outputs.logProbabilities[0] < 0)
        #expect(outputs.logProbabilities[1] == 0)
        #expect(outputs.logProbabilities[2] == 0)
    }

    @Test func `a backward pass needs a forward pass of its own`() throws {
        let model = try makeModel()
        let gradients = try Arena(count: model.table.count)
        let batch = PackedBatch(sequences: [[1, 2]])
        _ = try model.forward(batch)
        _ = try model.score(batch)
        let error = #expect(throws: ComputeError.self) { try model.backward(coefficients: [1, 0], into: gradients) }
        #expect(error?.code == .invalidState)
    }

    @Test func `an empty batch is nothing to do`() throws {
        let model = try makeModel()
        let gradients = try Arena(count: model.table.count)
        #expect(try model.forward(PackedBatch(sequences: [])).logProbabilities.isEmpty)
        try model.backward(coefficients: [], into: gradients)
        #expect(gradients.array.allSatisfy { $0 == 0 })
    }

    @Test func `equal seeds give equal models`() throws {
        #expect(try makeModel().weights.array == makeModel(threads: 2).weights.array)
        let other = try LanguageModel(spec: spec, seed: 2, pool: try ThreadPool(threads: 1))
        #expect(try makeModel().weights.array != other.weights.array)
    }

    private func makeModel(threads: Int = 1) throws -> LanguageModel {
        try LanguageModel(spec: spec, seed: 1, pool: try ThreadPool(threads: threads))
    }

    private func slope(
        _ model: LanguageModel, _ batch: PackedBatch, _ coefficients: [Float], _ element: Int
    ) throws -> Float {
        let before = model.weights.base[element]
        defer { model.changeWeights { $0.base[element] = before } }
        let losses = try [before + 0.002, before - 0.002].map { weight in
            model.changeWeights { $0.base[element] = weight }
            return zip(coefficients, try model.score(batch).logProbabilities).reduce(0.0) {
                $0 - Double($1.0) * Double($1.1)
            }
        }
        return Float((losses[0] - losses[1]) / 0.004)
    }
}
