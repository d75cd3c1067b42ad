/// What a transformer is made of. GPT-2, Llama and Qwen2 are three values of this type, not three classes.
package struct ModelSpec: Sendable, Equatable, Codable {
    package enum Norm: String, Sendable, Codable {
        case layerNorm
        case rmsNorm
    }

    package enum Position: String, Sendable, Codable {
        case learned
        case rotary
    }

    package enum Activation: String, Sendable, Codable {
        case geluTanh
        case swiGLU
    }

    /// Which linear layers have a bias.
    package enum Biases: String, Sendable, Codable {
        case all
        case queryKeyValue
        case none
    }

    package enum Head: String, Sendable, Codable {
        case languageModel
        case value
    }

    /// Whether the head shares its matrix with the token embedding.
    package enum HeadWeights: String, Sendable, Codable {
        case tied
        case separate
    }

    package var vocabularySize: Int
    /// Longest segment the model accepts.
    package var contextLength: Int
    package var width: Int
    package var layers: Int
    package var heads: Int
    package var keyValueHeads: Int
    package var mlpWidth: Int
    package var norm: Norm
    package var normEpsilon: Float
    package var position: Position
    package var activation: Activation
    package var biases: Biases
    package var head: Head
    package var headWeights: HeadWeights

    /// Floats per attention head.
    package var headWidth: Int { width / heads }

    /// A GPT-2 style model; the MLP is four times as wide as the model unless said otherwise.
    package static func gpt2(
        vocabularySize: Int, contextLength: Int, width: Int, layers: Int, heads: Int, mlpWidth: Int? = nil
    ) -> ModelSpec {
        ModelSpec(
            vocabularySize: vocabularySize, contextLength: contextLength, width: width, layers: layers, heads: heads,
            keyValueHeads: heads, mlpWidth: mlpWidth ?? 4 * width, norm: .layerNorm, normEpsilon: 1e-5,
            position: .learned, activation: .geluTanh, biases: .all, head: .languageModel, headWeights: .tied)
    }

    /// - Throws: `.unsupportedModel` for sizes that contradict each other and for parts this version does not run yet.
    package func validate() throws(ComputeError) {
        try validateSizes()
        try require(norm == .layerNorm, "norm: \(norm.rawValue)")
        try require(position == .learned, "position: \(position.rawValue)")
        try require(activation == .geluTanh, "activation: \(activation.rawValue)")
        try require(biases == .all, "biases: \(biases.rawValue)")
        try require(head == .languageModel, "head: \(head.rawValue)")
        try require(headWeights == .tied, "headWeights: \(headWeights.rawValue)")
        try require(keyValueHeads == heads, "keyValueHeads: \(keyValueHeads) with heads: \(heads)")
    }

    private func validateSizes() throws(ComputeError) {
        let sizes = [
            ("vocabularySize", vocabularySize), ("contextLength", contextLength), ("width", width),
            ("layers", layers), ("heads", heads), ("keyValueHeads", keyValueHeads), ("mlpWidth", mlpWidth),
        ]
        for (name, size) in sizes {
            if size < 1 { throw ModelSpec.contradiction("\(name) is \(size) and must be at least 1.") }
            let most = name == "layers" ? ModelSpec.mostLayers : ModelSpec.largestSize
            if size > most { throw ModelSpec.contradiction("\(name) is \(size) and must be at most \(most).") }
        }
        if width % heads != 0 {
            throw ModelSpec.contradiction("width \(width) is not a multiple of heads \(heads).")
        }
        if heads % keyValueHeads != 0 {
            throw ModelSpec.contradiction("heads \(heads) is not a multiple of keyValueHeads \(keyValueHeads).")
        }
        if !(normEpsilon > 0 && normEpsilon.isFinite) {
            throw ModelSpec.contradiction("normEpsilon is \(normEpsilon) and must be above 0.")
        }
    }

    /// Limits that keep the products of two sizes, times every layer, and with them every offset, inside `Int`.
    private static let largestSize = 1 << 22
    private static let mostLayers = 1 << 12

    private func require(_ isSupported: Bool, _ part: String) throws(ComputeError) {
        if isSupported { return }
        throw ComputeError(
            .unsupportedModel, summary: "This version cannot run a model with \(part).",
            detail: "Only GPT-2 style models run: layer norm, learned positions, tanh-GELU, all biases, a tied head.",
            hint: "Choose a GPT-2 style model.")
    }

    private static func contradiction(_ detail: String) -> ComputeError {
        ComputeError(
            .unsupportedModel, summary: "The model's sizes do not fit together.", detail: detail,
            hint: "Correct the model section of the configuration.")
    }
}
