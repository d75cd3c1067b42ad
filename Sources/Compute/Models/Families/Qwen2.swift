/// Qwen2 and Qwen2.5 (Yang et al., 2024): Llama's tensors, with biases on queries, keys and values.
struct Qwen2Family: ModelFamily {
    let name = "qwen2"
    let tensors = TensorNames.llama

    func spec(of sizes: ModelSizes) -> ModelSpec {
        .qwen2(
            vocabularySize: sizes.vocabularySize, contextLength: sizes.contextLength, width: sizes.width,
            layers: sizes.layers, heads: sizes.heads, keyValueHeads: sizes.keyValueHeads ?? sizes.heads,
            mlpWidth: sizes.gatedWidth)
    }
}
