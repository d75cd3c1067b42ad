/// How the next token is chosen from the logits of one row.
package enum Sampling: Sendable, Equatable {
    /// The most probable token; the lowest token of equals.
    case greedy
    /// A draw from softmax(logits / temperature), restricted to the `topK` most probable tokens and then to the
    /// smallest set of those whose renormalised probability reaches `topP`.
    case sample(temperature: Float = 1, topK: Int? = nil, topP: Float = 1)

    /// What logits are divided by before log-probabilities are taken; 1 for greedy.
    package var temperature: Float {
        if case .sample(let temperature, _, _) = self { return temperature }
        return 1
    }
}

/// What changes the logits of a row before a token is drawn, but not the log-probability that is recorded.
struct DrawRules {
    /// Tokens that cannot be drawn; they never cover the whole vocabulary.
    var excluded: [Int32] = []
    var repetitionPenalty: Float = 1
    /// The tokens the penalty falls on, each once.
    var repeated: [Int32] = []

    /// True when the logits are drawn from as they are.
    var isEmpty: Bool { excluded.isEmpty && (repetitionPenalty == 1 || repeated.isEmpty) }
}

/// A drawn token and what was recorded with it.
package struct DrawnToken: Sendable, Equatable {
    package let token: Int32
    /// Under softmax(logits / temperature) of the whole row.
    package let logProbability: Float
    /// Of softmax(logits / temperature) of the whole row.
    package let entropy: Float
}
