import Protocol
import Testing

@testable import Compute

@Suite struct `A checkpoint of a model with an adapter` {
    private static let specs: [ModelSpec] = [
        .gpt2(vocabularySize: 9, contextLength: 12, width: 16, layers: 2, heads: 2),
        .llama(vocabularySize: 9, contextLength: 12, width: 16, layers: 2, heads: 4, keyValueHeads: 2, mlpWidth: 24),
    ]
    private static let adapter = AdapterOptions(rank: 2, alpha: 8, targets: .allLinear)
    private let batch = PackedBatch(sequences: [[1, 2, 3, 4, 5], [8, 7, 6]])

    private func engine(_ spec: ModelSpec, seed: UInt64 = 1, adapter: AdapterOptions? = adapter) throws -> TrainEngine {
        let model = try LanguageModel(
            spec: spec, seed: seed, pool: ThreadPool(threads: 1), options: ModelOptions(adapter: adapter))
        return try TrainEngine(model: model, options: OptimizerOptions(learningRate: 0.05))
    }

    private func train(_ engine: TrainEngine, updates: Int) throws {
        for _ in 0..<updates {
            _ = try engine.trainBatch([batch], coefficients: [batch.targets.map { $0 < 0 ? 0 : 0.1 }])
        }
    }

    private func saved(_ engine: TrainEngine, in scratch: ScratchFolder, step: Int = 3) throws -> String {
        try engine.save(to: CheckpointFolder(path: scratch.path), state: CheckpointState(step: step), tokenizer: nil)
    }

    @Test(arguments: specs) func `is read by everyone as the model it is`(spec: ModelSpec) throws {
        let scratch = try ScratchFolder(), engine = try engine(spec)
        try train(engine, updates: 4)
        let path = try saved(engine, in: scratch)
        let expected = doubles(try engine.model.logits(batch))
        for checkpoint in [try Checkpoint.open(path), try Checkpoint.openExternal(path)] {
            let plain = try LanguageModel(spec: spec, seed: 5, pool: ThreadPool(threads: 1))
            #expect(try plain.loadWeights(from: checkpoint).untouched.isEmpty)
            #expect(largestError(try plain.logits(batch), expected) < 1e-6)
        }
        // The base alone says something else: there is something to merge.
        let base = try LanguageModel(spec: spec, seed: 1, pool: ThreadPool(threads: 1))
        #expect(largestError(try base.logits(batch), expected) > 1e-3)
    }

    @Test(arguments: specs) func `has the adapter as a folder of its own, which fits the first weights`(
        spec: ModelSpec
    ) throws {
        let scratch = try ScratchFolder(), engine = try engine(spec)
        try train(engine, updates: 4)
        let folder = AdapterFolder(path: try saved(engine, in: scratch) + "/adapter")
        #expect(try folder.options() == Self.adapter)
        let other = try self.engine(spec).model
        try folder.load(into: other)
        #expect(try other.logits(batch) == engine.model.logits(batch))
    }

    @Test(arguments: specs) func `is gone on from bit for bit`(spec: ModelSpec) throws {
        let scratch = try ScratchFolder()
        let (whole, first) = (try engine(spec), try engine(spec))
        try train(whole, updates: 5)
        try train(first, updates: 3)
        let second = try engine(spec, seed: 9)
        try second.restore(from: Checkpoint.open(saved(first, in: scratch)))
        try train(second, updates: 2)
        #expect(second.model.weights.floats.map(\.bitPattern) == whole.model.weights.floats.map(\.bitPattern))
        #expect(second.updateCount == 5)
    }

    @Test func `begins another adapter from its merged weights`() throws {
        let scratch = try ScratchFolder(), engine = try engine(Self.specs[0])
        try train(engine, updates: 4)
        let path = try saved(engine, in: scratch)
        let next = try self.engine(
            Self.specs[0], seed: 7, adapter: AdapterOptions(rank: 1, alpha: 1, targets: .allLinear))
        let report = try next.model.loadWeights(from: Checkpoint.open(path))
        #expect(report.untouched.count == 16)
        #expect(report.fresh.isEmpty)
        #expect(largestError(try next.model.logits(batch), doubles(try engine.model.logits(batch))) < 1e-6)
    }

    @Test func `is told from one without an adapter, and what is refused changes nothing`() throws {
        let scratch = try ScratchFolder()
        let plain = try engine(Self.specs[0], adapter: nil), adapted = try engine(Self.specs[0], seed: 2)
        let path = try saved(plain, in: scratch)
        let before = adapted.model.weights.array
        #expect(throws: ComputeError.self) { try adapted.restore(from: Checkpoint.open(path)) }
        #expect(adapted.model.weights.array == before)
    }

    @Test func `is damaged where the weights to go on from are`() throws {
        let scratch = try ScratchFolder(), engine = try engine(Self.specs[0])
        let path = try saved(engine, in: scratch)
        var bytes = try ScratchFolder.read(path + "/unmerged.safetensors")
        bytes[bytes.count - 1] ^= 1
        try ScratchFolder.overwrite(path + "/unmerged.safetensors", with: bytes)
        let error = #expect(throws: ComputeError.self) { try Checkpoint.open(path) }
        #expect(error?.summary.contains("unmerged.safetensors") == true)
    }

    @Test func `is not written where merging overflows`() throws {
        let scratch = try ScratchFolder(), engine = try engine(Self.specs[0])
        engine.model.changeWeights { weights in
            for (down, up) in engine.model.table.adapterPairs() {
                for index in down.range { weights.base[index] = 1e30 }
                for index in up.range { weights.base[index] = 1e30 }
            }
        }
        let error = #expect(throws: ComputeError.self) { try saved(engine, in: scratch) }
        #expect(error?.code == .notFinite)
        #expect(error?.summary.contains("merged weight") == true)
        #expect(FolderListing.names(in: scratch.path) == [])
    }
}

@Suite struct `An adapter that was made with dropout` {
    private let scratch: ScratchFolder

    init() throws {
        scratch = try ScratchFolder()
    }

    private func options(_ dropout: String) throws -> AdapterOptions {
        let json =
            #"{"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["c_fc"], "lora_dropout": \#(dropout)}"#
        _ = try scratch.write(Array(json.utf8), to: "adapter_config.json")
        return try AdapterFolder(path: scratch.path).options()
    }

    private func model(_ options: AdapterOptions) throws -> LanguageModel {
        try LanguageModel(
            spec: .gpt2(vocabularySize: 5, contextLength: 4, width: 8, layers: 1, heads: 2), seed: 1,
            pool: ThreadPool(threads: 1), options: ModelOptions(adapter: options))
    }

    @Test func `is used and written back, but not trained otherwise than its file says`() throws {
        let model = try model(options("0.1"))
        #expect(try model.score(PackedBatch(sequences: [[1, 2]])).logProbabilities[0].isFinite)
        try AdapterFolder(path: scratch.path + "/again").save(model)
        #expect(try AdapterFolder(path: scratch.path + "/again").options().dropout == 0.1)
        let error = #expect(throws: ComputeError.self) {
            try TrainEngine(model: model, options: OptimizerOptions(learningRate: 1))
        }
        #expect(error?.summary == "Training an adapter with lora_dropout 0.1 is not supported.")
        #expect(error?.hint?.contains("adapter_config.json") == true)
    }

    @Test(arguments: ["0", "0.0", "null"]) func `of nothing trains`(dropout: String) throws {
        _ = try TrainEngine(model: model(options(dropout)), options: OptimizerOptions(learningRate: 1))
    }

    @Test(arguments: ["1", "-0.1", "\"a\"", "true"]) func `that is no share is refused`(dropout: String) {
        let error = #expect(throws: ComputeError.self) { try options(dropout) }
        #expect(error?.summary.contains("lora_dropout") == true)
    }
}
