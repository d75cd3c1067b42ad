/// GPT-2 (Radford et al., 2019).
struct GPT2Family: ModelFamily {
    let name = "gpt2"
    let tensors = TensorNames(
        prefix: "transformer.", layout: .inputsFirst, tokenEmbedding: "wte", positionEmbedding: "wpe", layers: "h",
        attentionNorm: "ln_1", queryKeyValue: ["attn.c_attn"], projection: "attn.c_proj", mlpNorm: "ln_2",
        expansion: ["mlp.c_fc"], contraction: "mlp.c_proj", finalNorm: "ln_f",
        ignoredSuffixes: [".attn.bias", ".attn.masked_bias"])

    func spec(of sizes: ModelSizes) -> ModelSpec {
        var spec = ModelSpec.gpt2(
            vocabularySize: sizes.vocabularySize, contextLength: sizes.contextLength, width: sizes.width,
            layers: sizes.layers, heads: sizes.heads, mlpWidth: sizes.mlpWidth)
        spec.keyValueHeads = sizes.keyValueHeads ?? sizes.heads
        return spec
    }
}
