/// Llama 2 and 3 (Touvron et al., 2023).
struct LlamaFamily: ModelFamily {
    let name = "llama"
    let tensors = TensorNames.llama

    func spec(of sizes: ModelSizes) -> ModelSpec {
        .llama(
            vocabularySize: sizes.vocabularySize, contextLength: sizes.contextLength, width: sizes.width,
            layers: sizes.layers, heads: sizes.heads, keyValueHeads: sizes.keyValueHeads ?? sizes.heads,
            mlpWidth: sizes.gatedWidth)
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
