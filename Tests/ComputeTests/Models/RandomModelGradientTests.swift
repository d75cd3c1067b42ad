import Glibc
import Testing

@testable import Compute

@Suite struct `Training pass of random models` {
    /// The sum over positions of coefficient * (-log-probability), by the slow model of the weights as they are now.
    private func loss(_ random: RandomModel, _ sequences: [[Int32]], _ coefficients: [Float]) -> Double {
        let reference = ReferenceModel(
            spec: random.model.spec, table: random.model.table, weights: random.model.weights)
        var (sum, start) = (0.0, 0)
        for sequence in sequences {
            let logits = reference.logits(sequence)
            for (index, target) in sequence.dropFirst().enumerated() {
                let logs = ReferenceModel.logProbabilities(logits[index])
                sum -= Double(coefficients[start + index]) * logs[Int(target)]
            }
            start += sequence.count
        }
        return sum
    }

    @Test(arguments: 11...16 as ClosedRange<UInt64>)
    func `log-probabilities equal the slow model's`(seed: UInt64) throws {
        let random = try RandomModel(seed: seed)
        var generator = SeededGenerator(seed: seed)
        let sequences = [9, 1, 4, 2].map { random.tokens($0, &generator) }
        let outputs = try random.model.score(PackedBatch(sequences: sequences), ForwardOptions(entropy: .compute))
        var start = 0
        for sequence in sequences {
            let logits = random.reference.logits(sequence)
            for index in sequence.indices {
                let logs = ReferenceModel.logProbabilities(logits[index])
                let entropy = logs.reduce(0.0) { $0 - exp($1) * $1 }
                #expect(abs(Double(outputs.entropies[start + index]) - entropy) < 1e-4)
                let expected = index + 1 < sequence.count ? logs[Int(sequence[index + 1])] : 0
                #expect(abs(Double(outputs.logProbabilities[start + index]) - expected) < 2e-4 * max(1, abs(expected)))
            }
            start += sequence.count
        }
    }

    @Test(arguments: 21...26 as ClosedRange<UInt64>)
    func `gradients equal the slow model's finite differences`(seed: UInt64) throws {
        let random = try RandomModel(seed: seed, threads: Int(seed % 3) + 1)
        let model = random.model
        var generator = SeededGenerator(seed: seed)
        let sequences = [5, 1, 3].map { random.tokens($0, &generator) }
        let coefficients = (0..<9).map { _ in generator.normal() }
        let gradients = try Arena(count: model.table.count)
        _ = try model.forward(PackedBatch(sequences: sequences))
        try model.backward(coefficients: coefficients, into: gradients)
        for parameter in model.table.parameters {
            let element = parameter.offset + Int.random(in: 0..<parameter.count, using: &generator)
            let before = model.weights.base[element]
            // The step as the floats have it, so that only the slow model's curvature is left as an error.
            let (above, below) = (before + 1e-4, before - 1e-4)
            model.weights.base[element] = above
            let high = loss(random, sequences, coefficients)
            model.weights.base[element] = below
            let low = loss(random, sequences, coefficients)
            model.weights.base[element] = before
            let slope = (high - low) / (Double(above) - Double(below))
            let error = abs(Double(gradients.base[element]) - slope) / max(1, abs(slope))
            #expect(error < 5e-3, "\(parameter.name) of \(model.spec)")
        }
    }

    @Test func `gradients are linear in the coefficients and add to what is there`() throws {
        let random = try RandomModel(seed: 31)
        let model = random.model
        var generator = SeededGenerator(seed: 31)
        let batch = PackedBatch(sequences: [random.tokens(12, &generator), random.tokens(7, &generator)])
        let parts = (0..<2).map { _ in (0..<19).map { _ in generator.normal() } }
        let sum = zip(parts[0], parts[1]).map { $0 - 2 * $1 }
        func gradients(_ list: [[Float]]) throws -> [Float] {
            let gradients = try Arena(count: model.table.count)
            for coefficients in list {
                _ = try model.forward(batch)
                try model.backward(coefficients: coefficients, into: gradients)
            }
            return gradients.array
        }
        let whole = try gradients([sum])
        let added = try gradients([parts[0], parts[1].map { -2 * $0 }])
        let scale = whole.map(abs).max() ?? 1
        #expect(zip(whole, added).allSatisfy { abs($0 - $1) < 1e-4 * scale })
        // Padding between tensors has no gradient.
        let covered = Set(model.table.parameters.flatMap { Array($0.range) })
        #expect(whole.indices.allSatisfy { covered.contains($0) || whole[$0] == 0 })
    }

    @Test func `positions without a target take no gradient, whatever their coefficient`() throws {
        let random = try RandomModel(seed: 32)
        let gradients = try Arena(count: random.model.table.count)
        _ = try random.model.forward(PackedBatch(sequences: [[1], [0], [1]]))
        try random.model.backward(coefficients: [3, .greatestFiniteMagnitude, -4], into: gradients)
        #expect(gradients.array.allSatisfy { $0 == 0 })
    }
}
