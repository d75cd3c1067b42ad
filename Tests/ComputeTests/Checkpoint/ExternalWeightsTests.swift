import Testing

@testable import Compute

@Suite struct `Weights from elsewhere` {
    private static let specs = [ExternalFolder.gpt2, ExternalFolder.llama, ExternalFolder.qwen2]

    /// The folder's weights with the padding between tensors as a new arena has it.
    private func expect(_ read: [Float], of folder: ExternalFolder) {
        #expect(read == Array(folder.weights.floats))
    }

    @Test(arguments: specs)
    func `every family's folder is read by name, with or without the prefix`(spec: ModelSpec) throws {
        let folder = try ExternalFolder(spec)
        let prefix = spec.tensorNames.prefix
        for rename in [{ $0 }, { $0.replacing(prefix, with: "") }] as [(String) -> String] {
            var tensors = folder.tensors
            for index in tensors.indices { tensors[index].name = rename(tensors[index].name) }
            try folder.write(tensors.reversed())
            let read = try folder.read()
            expect(read.weights, of: folder)
            #expect(read.report == WeightReport())
        }
    }

    @Test(arguments: [
        (ExternalFolder.gpt2, "h.0.attn.bias"), (ExternalFolder.gpt2, "transformer.h.0.attn.masked_bias"),
        (ExternalFolder.llama, "model.layers.0.self_attn.rotary_emb.inv_freq"),
        (ExternalFolder.llama, "rotary_emb.inv_freq"),
    ])
    func `buffers of old files are passed over`(spec: ModelSpec, buffer: String) throws {
        let folder = try ExternalFolder(spec)
        try folder.write(folder.tensors + [ExternalFolder.Tensor(name: buffer, shape: [2], values: [.nan, 1])])
        let read = try folder.read()
        expect(read.weights, of: folder)
        #expect(read.report.passedOver == [buffer])
    }

    @Test func `a tied head that is stored must be the embedding`() throws {
        let folder = try ExternalFolder(ExternalFolder.qwen2)
        var head = try #require(folder.tensors.first)
        #expect(head.name == "model.embed_tokens.weight")
        head.name = "lm_head.weight"
        try folder.write(folder.tensors + [head])
        #expect(try folder.read().report.passedOver == ["lm_head.weight"])
        head.values[7] += 1
        try folder.write(folder.tensors + [head])
        #expect(
            folder.refusal()
                == "model.safetensors cannot be used: tensor 'lm_head.weight' differs from model.embed_tokens.weight, "
                + "but tie_word_embeddings is true")
        head.shape = [4, 5]
        try folder.write(folder.tensors + [head])
        #expect(
            folder.refusal()
                == "model.safetensors cannot be used: tensor 'lm_head.weight' has shape [4, 5], expected [5, 4]")
    }

    @Test(arguments: specs)
    func `every missing tensor is named`(spec: ModelSpec) throws {
        let folder = try ExternalFolder(spec)
        for tensor in folder.tensors {
            try folder.write(folder.tensors.filter { $0.name != tensor.name })
            #expect(folder.refusal() == "model.safetensors cannot be used: tensor '\(tensor.name)' is missing")
        }
    }

    @Test(arguments: [
        ("transformer.h.1.ln_1.weight", "has no place in the model"), ("score.weight", "has no place in the model"),
        ("v_head.summary.weight", "has no place in the model"), ("h.0.ln_1.weight", "has no place in the model"),
    ])
    func `a tensor of another model is refused by name`(name: String, reason: String) throws {
        let folder = try ExternalFolder()
        try folder.write(folder.tensors + [ExternalFolder.Tensor(name: name, shape: [1], values: [0])])
        #expect(folder.refusal() == "model.safetensors cannot be used: tensor '\(name)' \(reason)")
        #expect(throws: ComputeError.self) { try Checkpoint.externalSpec(folder.scratch.path) }
    }

    @Test(arguments: [Float.nan, .infinity])
    func `a weight that is not finite is refused by name`(value: Float) throws {
        let folder = try ExternalFolder()
        folder.weights.base[2] = value
        try folder.write(folder.tensors)
        #expect(
            folder.refusal()
                == "model.safetensors cannot be used: tensor 'transformer.wte.weight' holds a value that is not finite")
    }

    @Test func `sizes that no file has are refused before anything is allocated`() throws {
        var folder = try ExternalFolder(ExternalFolder.llama)
        for (key, size, tensor) in [
            ("vocab_size", 4_000_000, "embed_tokens.weight"), ("num_hidden_layers", 4000, "input_layernorm.weight"),
            ("intermediate_size", 4_000_000, "mlp.gate_proj.weight"),
        ] {
            folder.configuration = [key: .integer(size)]
            try folder.write(folder.tensors)
            #expect(throws: ComputeError.self) { try Checkpoint.openExternal(folder.scratch.path) }
            #expect(folder.refusal()?.contains(tensor) == true, "\(folder.refusal() ?? "")")
        }
    }

    // MARK: Value heads

    @Test(arguments: specs)
    func `a language model becomes a value model whose head is its own`(spec: ModelSpec) throws {
        let folder = try ExternalFolder(spec)
        try folder.write(folder.tensors)
        var critic = spec
        critic.head = .value
        let model = try LanguageModel(spec: critic, seed: 3, pool: ThreadPool(threads: 1))
        let score = try #require(model.table["score.weight"]).range
        let before = Array(model.weights.floats[score])
        let report = try model.loadWeights(from: Checkpoint.openExternal(folder.scratch.path))
        #expect(report.untouched == ["score.weight"])
        #expect(report.passedOver == (spec.headWeights == .separate ? ["lm_head.weight"] : []))
        #expect(Array(model.weights.floats[score]) == before)
        #expect(before.contains { $0 != 0 })
        let final = spec.tensorNames.prefix + spec.tensorNames.finalNorm + ".weight"
        let (one, other) = (try #require(model.table[final]), try #require(folder.table[final]))
        #expect(model.weights.floats[one.range].elementsEqual(folder.weights.floats[other.range]))
    }

    @Test func `the layers alone serve a value head but not a separate language-model head`() throws {
        var folder = try ExternalFolder(ExternalFolder.llama)
        folder.configuration = ["architectures": .array([.string("LlamaModel")])]
        let base = folder.tensors.filter { $0.name != "lm_head.weight" }
        try folder.write(
            base.map { .init(name: $0.name.replacing("model.", with: ""), shape: $0.shape, values: $0.values) })
        #expect(folder.refusal() == "model.safetensors cannot be used: tensor 'lm_head.weight' is missing")
        var critic = ExternalFolder.llama
        critic.head = .value
        #expect(try folder.read(as: critic).report.untouched == ["score.weight"])
    }

    @Test func `a folder that says it has a value head must have it`() throws {
        var spec = ExternalFolder.llama
        spec.head = .value
        let folder = try ExternalFolder(spec)
        try folder.write(folder.tensors)
        expect(try folder.read().weights, of: folder)
        try folder.write(folder.tensors.filter { $0.name != "score.weight" })
        #expect(folder.refusal() == "model.safetensors cannot be used: tensor 'score.weight' is missing")
    }

    @Test func `a value model is not read as a language model`() throws {
        var spec = ExternalFolder.gpt2
        spec.head = .value
        let folder = try ExternalFolder(spec)
        try folder.write(folder.tensors)
        let model = try LanguageModel(spec: ExternalFolder.gpt2, seed: 3, pool: ThreadPool(threads: 1))
        let error = #expect(throws: ComputeError.self) {
            try model.loadWeights(from: Checkpoint.openExternal(folder.scratch.path))
        }
        #expect(error?.summary == "The checkpoint is of another model.")
    }

    @Test func `a model that drops out takes weights of one that does not`() throws {
        let folder = try ExternalFolder()
        try folder.write(folder.tensors)
        var spec = ExternalFolder.gpt2
        spec.dropout = ModelSpec.Dropout(embedding: 0.1, attention: 0.1, residual: 0.1)
        let model = try LanguageModel(spec: spec, seed: 3, pool: ThreadPool(threads: 1))
        try model.loadWeights(from: Checkpoint.openExternal(folder.scratch.path))
        expect(Array(model.weights.floats), of: folder)
    }
}
