/// GPT-2 (Radford et al., 2019).
struct GPT2Family: ModelFamily {
    let name = "gpt2"
    let tensors = TensorNames(
        prefix: "transformer.", layout: .inputsFirst, tokenEmbedding: "wte", positionEmbedding: "wpe", layers: "h",
        attentionNorm: "ln_1", queryKeyValue: ["attn.c_attn"], projection: "attn.c_proj", mlpNorm: "ln_2",
        expansion: ["mlp.c_fc"], contraction: "mlp.c_proj", finalNorm: "ln_f",
        ignoredSuffixes: [".attn.bias", ".attn.masked_bias"])
    let architectures = ArchitectureNames(
        languageModel: "GPT2LMHeadModel", value: "GPT2ForSequenceClassification", base: "GPT2Model")

    func spec(of sizes: ModelSizes) -> ModelSpec {
        var spec = ModelSpec.gpt2(
            vocabularySize: sizes.vocabularySize, contextLength: sizes.contextLength, width: sizes.width,
            layers: sizes.layers, heads: sizes.heads, mlpWidth: sizes.mlpWidth)
        spec.keyValueHeads = sizes.keyValueHeads ?? sizes.heads
        return spec
    }

    func spec(from file: ConfigurationReader) throws(ComputeError) -> ModelSpec {
        try file.require("activation_function", oneOf: ["gelu_new", "gelu_pytorch_tanh"])
        try file.require("scale_attn_weights", true)
        for flag in ["scale_attn_by_inverse_layer_idx", "add_cross_attention"] { try file.require(flag, false) }
        let width = try file.size("n_embd", or: "hidden_size")
        let heads = try file.size("n_head", or: "num_attention_heads")
        try file.requireMultiple(("n_embd", width), of: ("n_head", heads))
        var spec = ModelSpec.gpt2(
            vocabularySize: try file.size("vocab_size"),
            contextLength: try file.size("n_positions", or: "max_position_embeddings", "n_ctx"), width: width,
            layers: try file.size("n_layer", or: "num_hidden_layers"), heads: heads,
            mlpWidth: try file.optionalSize("n_inner"))
        spec.normEpsilon = try file.float("layer_norm_epsilon", default: spec.normEpsilon)
        // What the published models were trained with, and what `transformers` assumes.
        let rate: Float = 0.1
        spec.dropout = ModelSpec.Dropout(
            embedding: try file.float("embd_pdrop", default: rate),
            attention: try file.float("attn_pdrop", default: rate),
            residual: try file.float("resid_pdrop", default: rate))
        return spec
    }

    func configuration(of spec: ModelSpec) -> [JSONMember] {
        [
            JSONMember("n_positions", .integer(spec.contextLength)),
            JSONMember("n_ctx", .integer(spec.contextLength)),
            JSONMember("n_embd", .integer(spec.width)),
            JSONMember("n_layer", .integer(spec.layers)),
            JSONMember("n_head", .integer(spec.heads)),
            JSONMember("n_inner", .integer(spec.mlpWidth)),
            JSONMember("activation_function", .string("gelu_new")),
            JSONMember("layer_norm_epsilon", number: spec.normEpsilon),
            JSONMember("embd_pdrop", number: spec.dropout.embedding),
            JSONMember("attn_pdrop", number: spec.dropout.attention),
            JSONMember("resid_pdrop", number: spec.dropout.residual),
        ]
    }
}
