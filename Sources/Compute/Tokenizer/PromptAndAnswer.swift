/// A prompt with its answer, as tokens.
///
/// The prompt's tokens are those that a model is given when it writes an answer itself. The answer's are what the text of
/// both together has behind them; where a merge would reach across the border, those of the answer alone, as a model that
/// was given the prompt must write it.
package struct PromptAndAnswer: Sendable, Equatable {
    /// With what a prompt begins with.
    package let prompt: [Int32]
    /// Without what ends it.
    package let answer: [Int32]
    /// What training puts behind the answer; empty where the answer's own text ends with such a token.
    package let end: [Int32]

    /// Prompt, answer and end in a row.
    package var tokens: [Int32] { prompt + answer + end }
}

extension Tokenizer {
    /// What a model is given of a prompt: its tokens behind those that a prompt begins with, unless its text spells them.
    package func encodedPrompt(_ prompt: String, row: Int? = nil) throws(ComputeError) -> [Int32] {
        let tokens = try encode(prompt, row: row), beginning = specialTokens.beginning
        return tokens.starts(with: beginning) ? tokens : beginning + tokens
    }

    /// The tokens of a prompt and the answer that follows it without anything between.
    package func encodedPair(
        prompt: String, answer: String, row: Int? = nil
    ) throws(ComputeError) -> PromptAndAnswer {
        let given = try encodedPrompt(prompt, row: row)
        let whole = try encodedPrompt(prompt + answer, row: row)
        // An empty prompt has no tokens of its own that could say how an answer begins.
        let written =
            whole.starts(with: given) && !prompt.isEmpty
            ? Array(whole.dropFirst(given.count))
            : try encode(answer, at: prompt.isEmpty ? .beginning : .continuation, row: row)
        let end = specialTokens.isEnd(written.last) ? [] : Array(specialTokens.ends.prefix(1))
        return PromptAndAnswer(prompt: given, answer: written, end: end)
    }

    /// The text of an answer as every judge reads it, an expected answer's like a written one's: what special tokens
    /// spell is no part of it, nor is what stands behind the first that ends it.
    package func answerText(_ tokens: some Sequence<Int32>) throws(ComputeError) -> String {
        try decode(tokens, at: .continuation)
    }

    /// How many tokens a model has to write so that every judge reads this answer: those before the first that ends it,
    /// and the end.
    package func judgedCount(_ tokens: some Sequence<Int32>) -> Int {
        tokens.prefix { !specialTokens.isEnd($0) }.count + 1
    }
}
