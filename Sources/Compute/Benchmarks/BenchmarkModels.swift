/// The models that suites share.
package enum BenchmarkModels {
    /// 0.8 million parameters, characters as tokens.
    package static func tiny(contextLength: Int) -> ModelSpec {
        .gpt2(vocabularySize: 96, contextLength: contextLength, width: 128, layers: 4, heads: 4)
    }

    /// 5.8 million parameters.
    package static func small(contextLength: Int) -> ModelSpec {
        .gpt2(vocabularySize: 4096, contextLength: contextLength, width: 256, layers: 6, heads: 8)
    }

    /// GPT-2's smallest, 124 million parameters.
    package static let gpt2 = ModelSpec.gpt2(
        vocabularySize: 50_257, contextLength: 1024, width: 768, layers: 12, heads: 12)

    /// Random tokens of a vocabulary, one list for every length.
    package static func randomSequences(lengths: [Int], vocabularySize: Int) -> [[Int32]] {
        var generator = SeededGenerator(seed: 2)
        return lengths.map { length in
            (0..<length).map { _ in Int32.random(in: 0..<Int32(vocabularySize), using: &generator) }
        }
    }

    /// Operations of one training step on sequences of these lengths: six for each weight of a matrix and token, the
    /// head's once, and the causal half of attention.
    package static func trainingOperations(of spec: ModelSpec, lengths: [Int]) -> Double {
        let block = 4 * spec.width * spec.width + 2 * spec.width * spec.mlpWidth
        let weights = spec.layers * block + spec.vocabularySize * spec.width
        return lengths.reduce(0) { sum, length in
            let attention = spec.layers * spec.width * length * length
            return sum + 6 * (Double(weights) * Double(length) + Double(attention))
        }
    }
}
