import Testing

@testable import Compute

private let readableLines: [(String, String, @Sendable (ModelSpec) -> Int, Int)] = [
    ("n_inner", "20", { $0.mlpWidth }, 20), ("n_inner", "null", { $0.mlpWidth }, 48),
    ("n_head", "12", { $0.keyValueHeads }, 12), ("n_head", "12", { $0.headWidth }, 1),
    ("n_layer", "1", { $0.layers }, 1), ("vocab_size", "1", { $0.vocabularySize }, 1),
    ("activation_function", #""gelu_pytorch_tanh""#, { $0.width }, 12), ("n_positions", "8", { $0.contextLength }, 8),
]

@Suite struct `GPT-2 configuration` {
    private let spec: ModelSpec = {
        var spec = ModelSpec.gpt2(vocabularySize: 17, contextLength: 32, width: 12, layers: 2, heads: 3)
        spec.dropout = ModelSpec.Dropout(embedding: 0.1, attention: 0.1, residual: 0.1)
        return spec
    }()

    @Test func `sizes alone mean the published model's rules`() throws {
        #expect(try ConfigurationText.gpt2.spec() == spec)
    }

    @Test func `the file uses Hugging Face's names and values`() {
        let json = ModelConfiguration.json(spec, endTokens: [0])
        #expect(json["model_type"]?.asString == "gpt2")
        #expect(json["architectures"]?.compactText == #"["GPT2LMHeadModel"]"#)
        let sizes = ["vocab_size", "n_positions", "n_embd", "n_layer", "n_head", "n_inner"].map { json[$0]?.asInt }
        #expect(sizes == [17, 32, 12, 2, 3, 48])
        #expect(json["activation_function"]?.asString == "gelu_new")
        #expect(json["layer_norm_epsilon"] == .number("1e-05"))
        let rates = ["embd_pdrop", "attn_pdrop", "resid_pdrop"].map { json[$0]?.asDouble }
        #expect(rates == [0.1, 0.1, 0.1])
        #expect(json["eos_token_id"] == .integer(0))
        #expect(json["torch_dtype"] == .string("float32"))
    }

    @Test(arguments: readableLines)
    func `what a file says is what the spec has`(
        key: String, value: String, size: @Sendable (ModelSpec) -> Int, expected: Int,
    ) throws {
        let spec = try ConfigurationText.gpt2.with(key, value).spec()
        #expect(size(spec) == expected)
    }

    @Test(arguments: [
        ("n_embd", "hidden_size", "12"), ("n_head", "num_attention_heads", "3"), ("n_layer", "num_hidden_layers", "2"),
        ("n_positions", "max_position_embeddings", "32"), ("n_positions", "n_ctx", "32"),
    ])
    func `a size may have its general name`(key: String, general: String, value: String) throws {
        #expect(try ConfigurationText.gpt2.with(key, nil).with(general, value).spec() == spec)
    }

    @Test func `dropout, epsilon and an untied head are read`() throws {
        var text = ConfigurationText.gpt2
        text.lines.merge(
            [
                "embd_pdrop": "0", "attn_pdrop": "0.25", "resid_pdrop": "0.5", "layer_norm_epsilon": "1e-6",
                "tie_word_embeddings": "false",
            ]
        ) { $1 }
        let read = try text.spec()
        #expect(read.dropout == ModelSpec.Dropout(embedding: 0, attention: 0.25, residual: 0.5))
        #expect(read.normEpsilon == 1e-6)
        #expect(read.headWeights == .separate)
    }

    @Test(
        arguments: [
            ("n_inner", "0", "n_inner is 0 and must be from 1"), ("n_inner", "-4", "n_inner is -4"),
            ("n_inner", "9223372036854775807", "n_inner is 9223372036854775807"),
            ("n_inner", "\"48\"", "n_inner is \"48\" and must be an integer"),
            ("n_inner", "48.0", "n_inner is 48.0 and must be an integer"), ("n_embd", "16777217", "n_embd is 16777217"),
            ("n_embd", "1e1", "n_embd is 1e1 and must be an integer"),
            ("n_embd", "13", "n_embd 13 is not a multiple of n_head 3"), ("n_head", "0", "n_head is 0"),
            ("n_head", "5", "n_embd 12 is not a multiple of n_head 5"),
            ("n_positions", "null", "n_positions is missing"),
            ("layer_norm_epsilon", "1e300", "layer_norm_epsilon is 1e+300, beyond 32 bits"),
            ("layer_norm_epsilon", "\"small\"", "layer_norm_epsilon is \"small\" and must be a number"),
            ("attn_pdrop", "true", "attn_pdrop is true and must be a number"),
        ])
    func `a value that makes no sense is named with its key`(key: String, value: String, reason: String) throws {
        let refusal = try #require(ConfigurationText.gpt2.with(key, value).refusal)
        #expect(refusal.code == .damagedFile)
        #expect(refusal.summary.hasPrefix("config.json cannot be used: \(reason)"), "\(refusal.summary)")
        #expect(refusal.detail == "/models/m/config.json")
    }

    @Test(
        arguments: [
            ("n_layer", "16777216", "layers is 16777216"), ("n_positions", "8388608", "contextLength is 8388608"),
            ("layer_norm_epsilon", "-1e-5", "normEpsilon is -1e-05"), ("resid_pdrop", "1.0", "residual dropout is 1.0"),
            ("activation_function", "\"gelu\"", "Known are gelu_new, gelu_pytorch_tanh"),
            ("scale_attn_weights", "false", "Only true is computed here"),
            ("scale_attn_by_inverse_layer_idx", "true", "Only false is computed here"),
            ("add_cross_attention", "true", "Only false is computed here"),
        ])
    func `a model that cannot be run is refused with the reason`(key: String, value: String, reason: String) throws {
        let refusal = try #require(ConfigurationText.gpt2.with(key, value).refusal)
        #expect(refusal.code == .unsupportedModel)
        #expect(refusal.detail.contains(reason), "\(refusal.detail)")
        #expect(refusal.detail.hasPrefix("/models/m/config.json: "))
    }
}
