/// Qwen2 and Qwen2.5 (Yang et al., 2024): Llama's tensors, with biases on queries, keys and values.
struct Qwen2Family: ModelFamily {
    let name = "qwen2"
    let tensors = TensorNames.llama
}
