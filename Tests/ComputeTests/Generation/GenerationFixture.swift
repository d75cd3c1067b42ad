@testable import Compute

/// A small model with strong random weights, so that its answers vary, and prompts of different lengths.
struct GenerationFixture {
    let model: LanguageModel
    let generator: Generator
    let reference: ReferenceModel

    /// Token 0 serves as the stop token.
    static let prompts: [[Int32]] = [[3], [1, 2, 3, 4, 5, 6, 7], [9, 9], [4, 3, 2, 1], [10, 2, 10, 2, 10], [8]]

    init(threads: Int = 2, contextLength: Int = 24) throws {
        let spec = ModelSpec.gpt2(vocabularySize: 11, contextLength: contextLength, width: 44, layers: 2, heads: 4)
        model = try LanguageModel(spec: spec, seed: 1, pool: ThreadPool(threads: threads))
        var random = SeededGenerator(seed: 5)
        for parameter in model.table.parameters {
            let isGain = parameter.name.contains("ln_") && parameter.name.hasSuffix("weight")
            for index in parameter.range { model.weights.base[index] = (isGain ? 1 : 0) + 0.3 * random.normal() }
        }
        generator = Generator(model: model)
        reference = ReferenceModel(spec: spec, table: model.table, weights: model.weights)
    }

    func answers(
        _ options: GenerationOptions, to prompts: [[Int32]] = prompts, seed: UInt64 = 1,
    ) throws(ComputeError) -> [GeneratedSequence] {
        try generator.generate(prompts: prompts, options: options, seed: seed)
    }
}
