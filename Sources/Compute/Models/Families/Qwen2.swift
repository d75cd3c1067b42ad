/// Qwen2 and Qwen2.5 (Yang et al., 2024): Llama's tensors, with biases on queries, keys and values.
struct Qwen2Family: ModelFamily {
    let name = "qwen2"
    let tensors = TensorNames.llama
    let architectures = ArchitectureNames(
        languageModel: "Qwen2ForCausalLM", value: "Qwen2ForSequenceClassification", base: "Qwen2Model")

    func spec(of sizes: ModelSizes) -> ModelSpec {
        var spec = ModelSpec.llama(of: sizes, rotaryBase: 1_000_000)
        spec.becomeQwen2()
        return spec
    }

    func spec(from file: ConfigurationReader) throws(ComputeError) -> ModelSpec {
        var spec = try ModelSpec.llama(from: file)
        spec.family = name
        spec.biases = .queryKeyValue
        try refuseWindows(file, spec)
        return spec
    }

    func configuration(of spec: ModelSpec) -> [JSONMember] {
        spec.llamaConfiguration + [JSONMember("use_sliding_window", .bool(false))]
    }

    /// Layers that see only a window of the text are refused where the window is shorter than the longest text.
    private func refuseWindows(_ file: ConfigurationReader, _ spec: ModelSpec) throws(ComputeError) {
        let types = try file.words("layer_types") ?? []
        if !types.isEmpty, types.count != spec.layers {
            throw file.damaged("layer_types has \(types.count) entries for num_hidden_layers \(spec.layers)")
        }
        let sliding = "sliding_attention"
        if let other = types.first(where: { $0 != sliding && $0 != "full_attention" }) {
            throw file.unsupported("layer_types '\(other)'", because: "Known are full_attention and \(sliding).")
        }
        let isUsed = try file.flag("use_sliding_window", default: false)
        let firstLayer = try file.number("max_window_layers") ?? 28
        let slides = types.contains(sliding) || (isUsed && types.isEmpty && firstLayer < Double(spec.layers))
        let window = try file.optionalSize("sliding_window") ?? 4096
        if slides, window < spec.contextLength {
            throw file.unsupported(
                "sliding_window \(window)",
                because:
                    "It is shorter than the context of \(spec.contextLength) tokens, and every layer sees all here.")
        }
    }
}
