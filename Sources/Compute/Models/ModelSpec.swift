/// What a transformer is made of. GPT-2, Llama and Qwen2 are three values of this type, not three classes.
package struct ModelSpec: Sendable, Equatable {
    /// What normalizes the rows before attention, before the MLP and at the end.
    package enum Norm: String, Sendable {
        /// Mean and variance, a gain and a shift (Ba et al., 2016).
        case layerNorm
        /// Root mean square norm (Zhang and Sennrich, 2019): a gain, no mean, no shift.
        case rmsNorm
    }

    /// How attention knows where a token stands.
    package enum Position: Sendable, Equatable {
        /// A learned vector for every position, added to the token's.
        case learned
        /// Queries and keys are turned by their position (Su et al., 2021).
        case rotary(RotaryPosition)
    }

    /// Which linear layers have a bias.
    package enum Biases: String, Sendable {
        case all
        case queryKeyValue
        case none
    }

    /// What stands on the last layer.
    package enum Head: String, Sendable {
        /// Logits over the vocabulary.
        case languageModel
        /// One number a token: a critic's value; a reward model's score is that of the last token.
        case value
    }

    /// Whether the language-model head shares its matrix with the token embedding.
    package enum HeadWeights: String, Sendable {
        case tied
        case separate
    }

    /// Probabilities with which training drops an element.
    package struct Dropout: Sendable, Equatable {
        /// Of the sum of token and position.
        package var embedding: Float
        /// Of the weights of attention, after the softmax.
        package var attention: Float
        /// Of what attention and MLP add to the row.
        package var residual: Float

        /// Nothing is dropped where nothing is given.
        package init(embedding: Float = 0, attention: Float = 0, residual: Float = 0) {
            self.embedding = embedding
            self.attention = attention
            self.residual = residual
        }

        /// Training and inference compute the same.
        package static let none = Dropout()
    }

    /// Name of the `ModelFamily`, which knows how tensors are named and laid out: `model_type` in `config.json`.
    package var family: String
    /// Rows of the token embedding.
    package var vocabularySize: Int
    /// Longest segment the model accepts.
    package var contextLength: Int
    /// Floats a token between two layers.
    package var width: Int
    /// Blocks of attention and MLP.
    package var layers: Int
    /// Of queries.
    package var heads: Int
    /// Of keys and values; divides `heads`, each serving as many of them.
    package var keyValueHeads: Int
    /// Floats per attention head; `heads * headWidth` may differ from `width`.
    package var headWidth: Int
    /// Floats a token behind the activation function.
    package var mlpWidth: Int
    /// The same in every layer.
    package var norm: Norm
    /// Added to the variance, or mean square, under the root.
    package var normEpsilon: Float
    /// Learned or rotary.
    package var position: Position
    /// Of the MLP; a SwiGLU has a gate beside it.
    package var activation: MLPActivation
    /// Of attention and MLP.
    package var biases: Biases
    /// What its last layer gives.
    package var head = Head.languageModel
    /// Only a language-model head can be tied.
    package var headWeights: HeadWeights
    /// In training alone.
    package var dropout = Dropout.none

    /// Floats of a row of attention output.
    package var attentionWidth: Int { heads * headWidth }
    /// Floats of a row of keys, or of values.
    package var keyValueWidth: Int { keyValueHeads * headWidth }
    /// Floats of a row of queries, keys and values side by side.
    package var queryKeyValueWidth: Int { attentionWidth + 2 * keyValueWidth }
    /// Floats of a row before the activation function: gate and up side by side in a SwiGLU.
    package var hiddenWidth: Int { activation == .swiGLU ? 2 * mlpWidth : mlpWidth }

    /// A GPT-2 style model; the MLP is four times as wide as the model unless said otherwise.
    package static func gpt2(
        vocabularySize: Int, contextLength: Int, width: Int, layers: Int, heads: Int, mlpWidth: Int? = nil
    ) -> ModelSpec {
        ModelSpec(
            family: "gpt2", vocabularySize: vocabularySize, contextLength: contextLength, width: width, layers: layers,
            heads: heads, keyValueHeads: heads, headWidth: heads == 0 ? 0 : width / heads,
            mlpWidth: mlpWidth ?? 4 * width, norm: .layerNorm, normEpsilon: 1e-5, position: .learned,
            activation: .geluTanh, biases: .all, headWeights: .tied)
    }

    /// A Llama style model with an untied head.
    package static func llama(
        vocabularySize: Int, contextLength: Int, width: Int, layers: Int, heads: Int, keyValueHeads: Int, mlpWidth: Int,
        rotary: RotaryPosition = RotaryPosition(base: 10_000)
    ) -> ModelSpec {
        ModelSpec(
            family: "llama", vocabularySize: vocabularySize, contextLength: contextLength, width: width,
            layers: layers, heads: heads, keyValueHeads: keyValueHeads, headWidth: heads == 0 ? 0 : width / heads,
            mlpWidth: mlpWidth, norm: .rmsNorm, normEpsilon: 1e-6, position: .rotary(rotary), activation: .swiGLU,
            biases: .none, headWeights: .separate)
    }

    /// A Qwen2 style model: a Llama with biases on queries, keys and values, and a tied head in the small sizes.
    package static func qwen2(
        vocabularySize: Int, contextLength: Int, width: Int, layers: Int, heads: Int, keyValueHeads: Int, mlpWidth: Int,
        rotary: RotaryPosition = RotaryPosition(base: 1_000_000)
    ) -> ModelSpec {
        var spec = llama(
            vocabularySize: vocabularySize, contextLength: contextLength, width: width, layers: layers, heads: heads,
            keyValueHeads: keyValueHeads, mlpWidth: mlpWidth, rotary: rotary)
        spec.becomeQwen2()
        return spec
    }

    /// Gives a Llama what a new Qwen2 has instead, but for the rotary base.
    mutating func becomeQwen2() {
        family = "qwen2"
        biases = .queryKeyValue
        headWeights = .tied
    }
}

// MARK: - Checking

extension ModelSpec {
    /// - Throws: `.unsupportedModel` for an unknown family and for sizes that contradict each other.
    package func validate() throws(ComputeError) {
        let names = try ModelFamilies.named(family).tensors
        let sizes = [
            ("vocabularySize", vocabularySize), ("contextLength", contextLength), ("width", width),
            ("layers", layers), ("heads", heads), ("keyValueHeads", keyValueHeads), ("headWidth", headWidth),
            ("mlpWidth", mlpWidth),
        ]
        for (name, size) in sizes {
            let most = name == "layers" ? ModelSpec.mostLayers : ModelSpec.largestSize
            if size < 1 { throw ModelSpec.contradiction("\(name) is \(size) and must be at least 1.") }
            if size > most { throw ModelSpec.contradiction("\(name) is \(size) and must be at most \(most).") }
        }
        if heads % keyValueHeads != 0 {
            throw ModelSpec.contradiction("heads \(heads) is not a multiple of keyValueHeads \(keyValueHeads).")
        }
        if attentionWidth > ModelSpec.largestSize {
            throw ModelSpec.contradiction(
                "heads \(heads) times headWidth \(headWidth) is above \(ModelSpec.largestSize).")
        }
        if names.queryKeyValue.count == 1, keyValueHeads != heads {
            throw ModelSpec.contradiction(
                "keyValueHeads \(keyValueHeads) differs from heads \(heads), which the family '\(family)' does not have."
            )
        }
        if names.queryKeyValue.count == 1, attentionWidth != width {
            throw ModelSpec.contradiction("width \(width) is not a multiple of heads \(heads).")
        }
        try validateNumbers()
    }

    private func validateNumbers() throws(ComputeError) {
        if !(normEpsilon > 0 && normEpsilon.isFinite) {
            throw ModelSpec.contradiction("normEpsilon is \(normEpsilon) and must be above 0.")
        }
        for (name, rate) in [
            ("embedding", dropout.embedding), ("attention", dropout.attention), ("residual", dropout.residual),
        ] where !(0..<1).contains(rate) {
            throw ModelSpec.contradiction("\(name) dropout is \(rate) and must be in 0..<1.")
        }
        if case .rotary(let rotary) = position {
            if headWidth % 2 != 0 {
                throw ModelSpec.contradiction("headWidth \(headWidth) is odd; rotary positions turn pairs.")
            }
            if let fault = rotary.fault { throw ModelSpec.contradiction(fault) }
        }
    }

    /// Limits that keep the products of two sizes, times every layer, and with them every offset, inside `Int`.
    private static let largestSize = 1 << 22
    private static let mostLayers = 1 << 12

    private static func contradiction(_ detail: String) -> ComputeError {
        ComputeError(
            .unsupportedModel, summary: "The model's sizes do not fit together.", detail: detail,
            hint: "Correct the model section of the configuration.")
    }
}
