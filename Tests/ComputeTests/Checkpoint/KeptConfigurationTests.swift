import Testing

@testable import Compute

@Suite struct `What a checkpoint keeps of the folder it began with` {
    private let scratch: ScratchFolder
    private let model: ExternalFolder

    init() throws {
        scratch = try ScratchFolder()
        var model = try ExternalFolder(ExternalFolder.qwen2)
        model.configuration = [
            "initializer_range": .number("0.02"), "eos_token_id": .array([.integer(4), .integer(2)]),
            "bos_token_id": .integer(3), "pad_token_id": .null, "transformers_version": .string("5.0.0"),
            "torch_dtype": .string("bfloat16"), "use_cache": .bool(true),
        ]
        try model.write(model.tensors)
        self.model = model
    }

    private func saved(_ model: LanguageModel) throws -> JSONValue {
        let place = try model.save(
            to: CheckpointFolder(path: scratch.path + "/saved"), state: CheckpointState(step: 1), tokenizer: nil)
        return try JSONParser.parse(ScratchFolder.read(place + "/config.json"))
    }

    private func loaded(_ spec: ModelSpec) throws -> LanguageModel {
        let language = try LanguageModel(spec: spec, seed: 1, pool: ThreadPool(threads: 1))
        try language.loadWeights(from: Checkpoint.openExternal(model.scratch.path))
        return language
    }

    @Test func `every line but the type of the weights is as it was, in its order`() throws {
        let before = try #require(
            try JSONParser.parse(ScratchFolder.read(model.scratch.path + "/config.json")).asMembers)
        let after = try #require(try saved(loaded(model.spec)).asMembers)
        #expect(after.map(\.name) == before.map(\.name))
        for (old, new) in zip(before, after) {
            #expect(new.value == (old.name == "torch_dtype" ? .string("float32") : old.value), "\(old.name)")
        }
    }

    @Test func `a resumed model goes on keeping them`() throws {
        let first = try saved(loaded(model.spec))
        let again = try LanguageModel(spec: model.spec, seed: 2, pool: ThreadPool(threads: 1))
        try again.loadWeights(from: Checkpoint.open(scratch.path + "/saved/step-1"))
        #expect(try saved(again) == first)
    }

    @Test func `a head that was put on changes the lines that tell of it, and no other is lost`() throws {
        var critic = model.spec
        critic.head = .value
        critic.headWeights = .separate
        let config = try saved(loaded(critic))
        #expect(config["architectures"] == .array([.string("Qwen2ForSequenceClassification")]))
        #expect(config["initializer_range"] == .number("0.02"))
        #expect(config["transformers_version"] == .string("5.0.0"))
    }
}
