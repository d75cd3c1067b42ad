import Testing

@testable import Compute

@Suite struct `Resume` {
    private static let spec = ModelSpec.gpt2(vocabularySize: 9, contextLength: 12, width: 16, layers: 2, heads: 2)

    /// Data of one update, drawn from the generator whose state the checkpoint keeps.
    private static func batch(_ generator: inout SeededGenerator) -> PackedBatch {
        PackedBatch(
            sequences: (0..<3).map { _ in
                (0..<Int.random(in: 4...10, using: &generator)).map { _ in Int32.random(in: 0..<9, using: &generator) }
            })
    }

    private static func engine(seed: UInt64) throws -> TrainEngine {
        let model = try LanguageModel(spec: spec, seed: seed, pool: ThreadPool(threads: 2))
        return try TrainEngine(
            model: model,
            options: OptimizerOptions(learningRate: 1e-2, schedule: .cosine, warmupSteps: 2, totalSteps: 9))
    }

    private static func train(_ engine: TrainEngine, updates: Int, data: inout SeededGenerator) throws {
        for _ in 0..<updates {
            let batch = batch(&data)
            _ = try engine.trainBatch([batch]) { _, outputs in
                [Float](repeating: 0.1, count: outputs.logProbabilities.count)
            }
        }
    }

    @Test(arguments: [0, 1, 4, 7])
    func `n updates equal k updates, save, load and the rest, bit for bit`(cut: Int) throws {
        let total = 7
        var data = SeededGenerator(seed: 3)
        let whole = try Self.engine(seed: 1)
        try Self.train(whole, updates: total, data: &data)

        let scratch = try ScratchFolder()
        let folder = CheckpointFolder(path: scratch.path + "/actor")
        var firstData = SeededGenerator(seed: 3)
        let first = try Self.engine(seed: 1)
        try Self.train(first, updates: cut, data: &firstData)
        let path = try first.save(
            to: folder, state: CheckpointState(step: cut, generators: ["data": firstData]), tokenizer: nil)

        // Another seed: nothing of the second engine's own beginning may remain.
        let second = try Self.engine(seed: 99)
        let checkpoint = try Checkpoint.open(path)
        try second.restore(from: checkpoint)
        #expect(second.updateCount == cut)
        var secondData = try #require(checkpoint.state?.generators["data"])
        try Self.train(second, updates: total - cut, data: &secondData)

        #expect(second.updateCount == total)
        #expect(secondData == data)
        let arenas =
            [(whole.model.weights, second.model.weights)]
            + zip(whole.optimizer.state.moments, second.optimizer.state.moments).map { ($0.arena, $1.arena) }
        for (expected, resumed) in arenas {
            #expect(resumed.floats.map(\.bitPattern) == expected.floats.map(\.bitPattern))
        }
    }

    @Test func `a model loads with its spec and weights`() throws {
        let scratch = try ScratchFolder()
        let engine = try Self.engine(seed: 4)
        let tokenizer = try CharacterTokenizer(characters: "01234567".unicodeScalars)
        let path = try engine.model.save(
            to: CheckpointFolder(path: scratch.path), state: CheckpointState(step: 1), tokenizer: tokenizer)
        let checkpoint = try Checkpoint.open(path)
        #expect(checkpoint.spec == Self.spec)
        let loaded = try LanguageModel(spec: checkpoint.spec, seed: 0, pool: engine.model.pool)
        try loaded.loadWeights(from: checkpoint)
        #expect(checkpoint.tokenizer?.isSame(as: tokenizer) == true)
        #expect(loaded.weights.floats.elementsEqual(engine.model.weights.floats))
    }

    @Test func `a checkpoint of another model is refused and changes nothing`() throws {
        let scratch = try ScratchFolder()
        let other = try CheckpointFixture()
        let checkpoint = try Checkpoint.open(CheckpointFolder(path: scratch.path).save(other.content(step: 1)))
        let engine = try Self.engine(seed: 4)
        let before = Array(engine.model.weights.floats)
        for load in [engine.model.loadWeights, engine.restore] {
            let error = #expect(throws: ComputeError.self) { try load(checkpoint) }
            #expect(error?.code == .unsupportedModel)
            #expect(error?.summary == "The checkpoint is of another model.")
        }
        #expect(Array(engine.model.weights.floats) == before)
    }

    @Test func `a training run cannot go on from weights alone`() throws {
        let scratch = try ScratchFolder()
        let engine = try Self.engine(seed: 4)
        let path = try engine.model.save(
            to: CheckpointFolder(path: scratch.path), state: CheckpointState(step: 1), tokenizer: nil)
        let error = #expect(throws: ComputeError.self) { try engine.restore(from: Checkpoint.open(path)) }
        #expect(error?.summary.contains("optimizer.safetensors") == true)
    }
}
