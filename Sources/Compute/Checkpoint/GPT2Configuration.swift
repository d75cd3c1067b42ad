/// `config.json` of a GPT-2 model as Hugging Face spells it, so that `transformers` loads the folder.
package enum GPT2Configuration {
    /// The configuration of a model; `eosToken` is written for tools that generate from the folder.
    package static func json(_ spec: ModelSpec, eosToken: Int32) -> JSONValue {
        .object([
            JSONMember("architectures", .array([.string("GPT2LMHeadModel")])),
            JSONMember("model_type", .string("gpt2")),
            JSONMember("vocab_size", .integer(spec.vocabularySize)),
            JSONMember("n_positions", .integer(spec.contextLength)),
            JSONMember("n_ctx", .integer(spec.contextLength)),
            JSONMember("n_embd", .integer(spec.width)),
            JSONMember("n_layer", .integer(spec.layers)),
            JSONMember("n_head", .integer(spec.heads)),
            JSONMember("n_inner", .integer(spec.mlpWidth)),
            JSONMember("activation_function", .string("gelu_new")),
            JSONMember("layer_norm_epsilon", .number("\(spec.normEpsilon)")),
            JSONMember("tie_word_embeddings", .bool(true)),
            JSONMember("resid_pdrop", .number("0.0")),
            JSONMember("embd_pdrop", .number("0.0")),
            JSONMember("attn_pdrop", .number("0.0")),
            JSONMember("bos_token_id", .integer(eosToken)),
            JSONMember("eos_token_id", .integer(eosToken)),
            JSONMember("torch_dtype", .string("float32")),
        ])
    }

    /// Reads a GPT-2 `config.json`, ours or one from elsewhere; throws `damagedFile` or `unsupportedModel`.
    package static func spec(json text: [UInt8], path: String) throws(ComputeError) -> ModelSpec {
        let root: JSONValue
        do { root = try JSONParser.parse(text) } catch { throw ComputeError.damaged(path, error.text) }
        let kind = root["model_type"]?.asString ?? "none"
        guard kind == "gpt2" else { throw unsupported("model_type '\(kind)'", path) }
        let activation = root["activation_function"]?.asString ?? "gelu_new"
        guard ["gelu_new", "gelu_pytorch_tanh"].contains(activation) else {
            throw unsupported("activation_function '\(activation)'", path)
        }
        if root["tie_word_embeddings"]?.asBool == false { throw unsupported("tie_word_embeddings false", path) }
        for flag in ["scale_attn_by_inverse_layer_idx", "add_cross_attention"] where root[flag]?.asBool == true {
            throw unsupported("\(flag) true", path)
        }
        if root["scale_attn_weights"]?.asBool == false { throw unsupported("scale_attn_weights false", path) }
        var spec = ModelSpec.gpt2(
            vocabularySize: try size("vocab_size", in: root, path),
            contextLength: try size("n_positions", in: root, path),
            width: try size("n_embd", in: root, path), layers: try size("n_layer", in: root, path),
            heads: try size("n_head", in: root, path), mlpWidth: try innerSize(in: root, path))
        if let epsilon = root["layer_norm_epsilon"]?.asDouble { spec.normEpsilon = Float(epsilon) }
        try spec.validate()
        return spec
    }

    /// The width of the MLP; nil where it is null or absent, which means four times the width.
    private static func innerSize(in root: JSONValue, _ path: String) throws(ComputeError) -> Int? {
        guard let value = root["n_inner"], value != .null else { return nil }
        return try size("n_inner", in: root, path)
    }

    /// A size from the file, below what a product of two sizes could overflow; the spec checks the rest.
    private static func size(_ name: String, in root: JSONValue, _ path: String) throws(ComputeError) -> Int {
        guard let value = root[name]?.asInt else {
            throw ComputeError.damaged(path, "\(name) is missing or no integer")
        }
        guard 1...(1 << 24) ~= value else { throw ComputeError.damaged(path, "\(name) is \(value)") }
        return value
    }

    private static func unsupported(_ what: String, _ path: String) -> ComputeError {
        ComputeError(
            .unsupportedModel, summary: "This version cannot run a model with \(what).", detail: path,
            hint: "Choose a GPT-2 style model.")
    }
}
