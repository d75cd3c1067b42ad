/// Llama 2 and 3 (Touvron et al., 2023).
struct LlamaFamily: ModelFamily {
    let name = "llama"
    let tensors = TensorNames.llama
    let architectures = ArchitectureNames(
        languageModel: "LlamaForCausalLM", value: "LlamaForSequenceClassification", base: "LlamaModel")

    func spec(of sizes: ModelSizes) -> ModelSpec { .llama(of: sizes) }

    func spec(from file: ConfigurationReader) throws(ComputeError) -> ModelSpec {
        var spec = try ModelSpec.llama(from: file)
        spec.biases = try biases(file)
        return spec
    }

    func configuration(of spec: ModelSpec) -> [JSONMember] {
        let hasBias = JSONValue.bool(spec.biases == .all)
        return spec.llamaConfiguration + [JSONMember("attention_bias", hasBias), JSONMember("mlp_bias", hasBias)]
    }

    private func biases(_ file: ConfigurationReader) throws(ComputeError) -> ModelSpec.Biases {
        let attention = try file.flag("attention_bias", default: false)
        let mlp = try file.flag("mlp_bias", default: false)
        guard attention == mlp else {
            throw file.unsupported(
                "attention_bias \(attention) and mlp_bias \(mlp)",
                because: "Either every linear layer of a Llama has a bias here, or none has.")
        }
        return attention ? .all : .none
    }
}

extension TensorNames {
    /// Names that Llama and its descendants share.
    static let llama = TensorNames(
        prefix: "model.", layout: .outputsFirst, tokenEmbedding: "embed_tokens", positionEmbedding: nil,
        layers: "layers", attentionNorm: "input_layernorm",
        queryKeyValue: ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"], projection: "self_attn.o_proj",
        mlpNorm: "post_attention_layernorm", expansion: ["mlp.gate_proj", "mlp.up_proj"],
        contraction: "mlp.down_proj", finalNorm: "norm", ignoredSuffixes: [".rotary_emb.inv_freq"])
}

/// What Llama and its descendants share: a new model's sizes, and lines of a `config.json`.
extension ModelSpec {
    /// A new Llama, whose rotary positions turn with this base.
    static func llama(of sizes: ModelSizes, rotaryBase: Double = 10_000) -> ModelSpec {
        .llama(
            vocabularySize: sizes.vocabularySize, contextLength: sizes.contextLength, width: sizes.width,
            layers: sizes.layers, heads: sizes.heads, keyValueHeads: sizes.keyValueHeads ?? sizes.heads,
            mlpWidth: sizes.gatedWidth, rotary: RotaryPosition(base: rotaryBase))
    }

    /// A Llama without biases.
    static func llama(from file: ConfigurationReader) throws(ComputeError) -> ModelSpec {
        try file.require("hidden_act", oneOf: ["silu", "swish"])
        let width = try file.size("hidden_size")
        let heads = try file.size("num_attention_heads")
        let keyValueHeads = try file.optionalSize("num_key_value_heads") ?? heads
        try file.requireMultiple(("num_attention_heads", heads), of: ("num_key_value_heads", keyValueHeads))
        let context = try file.size("max_position_embeddings")
        let rotary = try RotaryPosition(from: file, context: context)
        var spec = ModelSpec.llama(
            vocabularySize: try file.size("vocab_size"),
            contextLength: try file.optionalSize("context_length") ?? rotary.reach(of: context), width: width,
            layers: try file.size("num_hidden_layers"), heads: heads, keyValueHeads: keyValueHeads,
            mlpWidth: try file.size("intermediate_size"), rotary: rotary)
        if let headWidth = try file.optionalSize("head_dim") {
            spec.headWidth = headWidth
        } else {
            try file.requireMultiple(("hidden_size", width), of: ("num_attention_heads", heads))
        }
        try file.requireMultiple(("head_dim", spec.headWidth), of: ("rotary pairs of", 2))
        spec.normEpsilon = try file.float("rms_norm_eps", default: spec.normEpsilon)
        spec.dropout.attention = try file.float("attention_dropout", default: 0)
        return spec
    }

    var llamaConfiguration: [JSONMember] {
        guard case .rotary(let rotary) = position else { return [] }
        let context = rotary.statedContext(contextLength)
        var members = [
            JSONMember("hidden_size", .integer(width)),
            JSONMember("intermediate_size", .integer(mlpWidth)),
            JSONMember("num_hidden_layers", .integer(layers)),
            JSONMember("num_attention_heads", .integer(heads)),
            JSONMember("num_key_value_heads", .integer(keyValueHeads)),
            JSONMember("head_dim", .integer(headWidth)),
            JSONMember("max_position_embeddings", .integer(context)),
            JSONMember("hidden_act", .string("silu")),
            JSONMember("rms_norm_eps", number: normEpsilon),
            JSONMember("attention_dropout", number: dropout.attention),
        ]
        members += rotary.configuration
        // Our own key: how far dynamic scaling may reach is not in the format.
        if rotary.reach(of: context) != contextLength {
            members.append(JSONMember("context_length", .integer(contextLength)))
        }
        return members
    }
}
