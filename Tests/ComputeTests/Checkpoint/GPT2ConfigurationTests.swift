import Testing

@testable import Compute

private let readableLines: [(String, String, @Sendable (ModelSpec) -> Int, Int)] = [
    ("n_inner", "20", { $0.mlpWidth }, 20), ("n_inner", "null", { $0.mlpWidth }, 48),
    ("n_head", "12", { $0.keyValueHeads }, 12),
    ("n_layer", "1", { $0.layers }, 1), ("vocab_size", "1", { $0.vocabularySize }, 1),
    ("activation_function", "\"gelu_pytorch_tanh\"", { $0.width }, 12),
    ("tie_word_embeddings", "true", { $0.width }, 12),
]

@Suite struct `GPT-2 configuration` {
    private let spec = ModelSpec.gpt2(vocabularySize: 17, contextLength: 32, width: 12, layers: 2, heads: 3)

    @Test func `the file uses Hugging Face's names and values`() {
        let json = GPT2Configuration.json(spec, eosToken: 0)
        #expect(json["model_type"]?.asString == "gpt2")
        #expect(json["architectures"]?.compactText == #"["GPT2LMHeadModel"]"#)
        let sizes = ["vocab_size", "n_positions", "n_embd", "n_layer", "n_head", "n_inner"].map { json[$0]?.asInt }
        #expect(sizes == [17, 32, 12, 2, 3, 48])
        #expect(json["activation_function"]?.asString == "gelu_new")
        #expect(json["layer_norm_epsilon"] == .number("1e-05"))
    }

    @Test func `a spec reads back as it was written`() throws {
        var odd = spec
        odd.mlpWidth = 20
        odd.normEpsilon = 1e-6
        let text = Array(GPT2Configuration.json(odd, eosToken: 0).prettyText.utf8)
        #expect(try GPT2Configuration.spec(json: text, path: "config.json") == odd)
    }

    @Test func `a null inner width means four times the width`() throws {
        let text =
            #"{"model_type":"gpt2","vocab_size":17,"n_positions":32,"n_embd":12,"n_layer":2,"n_head":3,"n_inner":null}"#
        #expect(try GPT2Configuration.spec(json: Array(text.utf8), path: "config.json") == spec)
    }

    @Test(arguments: [
        (#"{"model_type":"llama"}"#, ComputeError.Code.unsupportedModel, "model_type 'llama'"),
        (#"{}"#, .unsupportedModel, "model_type 'none'"),
        (#"{"model_type":"gpt2","activation_function":"relu"}"#, .unsupportedModel, "activation_function 'relu'"),
        (#"{"model_type":"gpt2","tie_word_embeddings":false}"#, .unsupportedModel, "tie_word_embeddings false"),
        (#"{"model_type":"gpt2"}"#, .damagedFile, "vocab_size is missing"),
        (#"{"model_type":"gpt2","vocab_size":-4}"#, .damagedFile, "vocab_size is -4"),
        (#"{"model_type":"gpt2","vocab_size":9223372036854775807}"#, .damagedFile, "vocab_size is 9223372036854775807"),
        (#"{"model_type":"gpt2""#, .damagedFile, "expected ',' or '}'"),
        (
            #"{"model_type":"gpt2","vocab_size":17,"n_positions":32,"n_embd":13,"n_layer":2,"n_head":3}"#,
            .unsupportedModel, "do not fit together"
        ),
    ])
    func `a model this version cannot run is refused with the reason`(
        text: String, code: ComputeError.Code, reason: String,
    ) {
        let error = #expect(throws: ComputeError.self) {
            try GPT2Configuration.spec(json: Array(text.utf8), path: "config.json")
        }
        #expect(error?.code == code)
        #expect(error?.summary.contains(reason) == true, "\(error?.summary ?? "")")
    }

    /// A configuration of `spec` in which one line says something else.
    private func text(_ name: String, _ value: String) -> [UInt8] {
        let others = ["vocab_size": "17", "n_positions": "32", "n_embd": "12", "n_layer": "2", "n_head": "3"]
        let members = others.merging([name: value]) { $1 }.map { #""\#($0.key)":\#($0.value)"# }
        return Array((#"{"model_type":"gpt2","# + members.joined(separator: ",") + "}").utf8)
    }

    @Test(
        arguments: [
            ("n_inner", "0", "n_inner is 0"), ("n_inner", "9223372036854775807", "n_inner is 9223372036854775807"),
            ("n_inner", "\"48\"", "n_inner is missing or no integer"), ("n_inner", "48.0", "n_inner is missing or no"),
            ("n_embd", "16777217", "n_embd is 16777217"), ("n_embd", "1e1", "n_embd is missing or no integer"),
            ("n_layer", "16777216", "do not fit together"), ("n_head", "0", "n_head is 0"),
            ("n_head", "5", "do not fit together"), ("n_positions", "null", "n_positions is missing or no integer"),
            ("n_positions", "8388608", "do not fit together"), ("layer_norm_epsilon", "1e300", "do not fit together"),
            ("layer_norm_epsilon", "-1e-5", "do not fit together"),
            ("scale_attn_by_inverse_layer_idx", "true", "scale_attn_by_inverse_layer_idx true"),
            ("add_cross_attention", "true", "add_cross_attention true"),
            ("scale_attn_weights", "false", "scale_attn_weights false"),
            ("activation_function", "\"gelu\"", "activation_function 'gelu'"),
        ])
    func `a size or switch that cannot be run is refused, however large`(name: String, value: String, reason: String) {
        let error = #expect(throws: ComputeError.self) {
            try GPT2Configuration.spec(json: text(name, value), path: "config.json")
        }
        #expect(error?.summary.contains(reason) == true, "\(error?.summary ?? "")")
    }

    @Test(arguments: readableLines)
    func `what a file says is what the spec has`(
        name: String, value: String, size: @Sendable (ModelSpec) -> Int, expected: Int,
    ) throws {
        let spec = try GPT2Configuration.spec(json: text(name, value), path: "config.json")
        #expect(size(spec) == expected)
    }
}
