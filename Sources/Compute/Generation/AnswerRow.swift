/// An answer that is being written.
struct AnswerRow {
    let number: Int
    let promptIndex: Int
    /// Tokens it may have.
    let limit: Int
    var generator: SeededGenerator
    /// What it and its prompt hold; nil where nothing depends on it.
    private(set) var repeated: TokenSet?
    private(set) var tokens: [Int32] = []
    private var logProbabilities: [Float] = []
    private var entropies: [Float] = []

    init(number: Int, promptIndex: Int, limit: Int, generator: SeededGenerator, repeated: TokenSet?) {
        self.number = number
        self.promptIndex = promptIndex
        self.limit = limit
        self.generator = generator
        self.repeated = repeated
    }

    mutating func append(_ drawn: DrawnToken, entropy: EntropyMode) {
        tokens.append(drawn.token)
        logProbabilities.append(drawn.logProbability)
        if entropy == .compute { entropies.append(drawn.entropy) }
        repeated?.insert(drawn.token)
    }

    func answer(finish: FinishReason) -> GeneratedSequence {
        GeneratedSequence(
            promptIndex: promptIndex, tokens: tokens, logProbabilities: logProbabilities, entropies: entropies,
            finish: finish)
    }
}

/// The tokens that occur in a row, each once.
struct TokenSet {
    private(set) var tokens: [Int32] = []
    private var isMember: [Bool]

    init(_ tokens: some Sequence<Int32>, of vocabularySize: Int) {
        isMember = Array(repeating: false, count: vocabularySize)
        for token in tokens { insert(token) }
    }

    mutating func insert(_ token: Int32) {
        if isMember[Int(token)] { return }
        isMember[Int(token)] = true
        tokens.append(token)
    }
}
