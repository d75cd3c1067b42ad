/// One family of models as Hugging Face writes it down. Adding a family is one conformer and one line in
/// `ModelFamilies`.
package protocol ModelFamily: Sendable {
    /// `model_type` in `config.json`, and `ModelSpec.family`.
    var name: String { get }
    /// What its tensors are called and how its matrices lie.
    var tensors: TensorNames { get }
    /// A new model of these sizes, with what else the family usually has.
    func spec(of sizes: ModelSizes) -> ModelSpec
    /// What `transformers` calls its models.
    var architectures: ArchitectureNames { get }
    /// The language model that a `config.json` describes. Sizes that contradict each other are found afterwards, by
    /// `ModelSpec.validate`; `headWeights` is what the family assumes where the file does not say.
    /// - Throws: the reader's errors, for what is missing and for what this program does not compute.
    func spec(from file: ConfigurationReader) throws(ComputeError) -> ModelSpec
    /// The family's own lines of a `config.json`, from which `spec(from:)` gives an equal spec. Lines that all families
    /// share, the vocabulary's size among them, are written beside them.
    func configuration(of spec: ModelSpec) -> [JSONMember]
}

/// What a new model is asked to measure.
package struct ModelSizes: Sendable, Equatable {
    package var vocabularySize: Int
    package var contextLength: Int
    package var width: Int
    package var layers: Int
    package var heads: Int
    /// Nil: one for each head.
    package var keyValueHeads: Int?
    /// Nil: what the family takes for this width.
    package var mlpWidth: Int?

    package init(
        vocabularySize: Int, contextLength: Int, width: Int, layers: Int, heads: Int, keyValueHeads: Int? = nil,
        mlpWidth: Int? = nil
    ) {
        self.vocabularySize = vocabularySize
        self.contextLength = contextLength
        self.width = width
        self.layers = layers
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.mlpWidth = mlpWidth
    }

    /// Two thirds of four times the width, so that three matrices hold what two would; whole blocks of 64.
    var gatedWidth: Int { mlpWidth ?? (width * 8 / 3 + 63) / 64 * 64 }
}

/// Values of `architectures` in a `config.json`.
package struct ArchitectureNames: Sendable, Equatable {
    let languageModel: String
    /// A head of one number a token.
    let value: String
    /// The layers alone.
    let base: String
}

/// Names of a family's tensors, without the layer's number.
package struct TensorNames: Sendable, Equatable {
    /// Before every name but the heads'.
    let prefix: String
    let layout: MatrixLayout
    let tokenEmbedding: String
    /// Nil where positions are not learned.
    let positionEmbedding: String?
    /// Before a layer's number.
    let layers: String
    let attentionNorm: String
    /// One name where the three lie side by side in one matrix, else three.
    let queryKeyValue: [String]
    let projection: String
    let mlpNorm: String
    /// Up, or gate and up.
    let expansion: [String]
    let contraction: String
    let finalNorm: String
    /// Ends of the names of buffers that old files hold and the model does not need.
    let ignoredSuffixes: [String]

    /// The untied language-model head.
    static let head = "lm_head"
    /// The value or reward head.
    static let score = "score"

    /// The full name of a layer's module.
    func name(_ module: String, layer: Int) -> String { "\(prefix)\(layers).\(layer).\(module)" }
}
