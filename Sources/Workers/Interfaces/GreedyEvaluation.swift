import Compute

/// Exact match of greedy answers on held-out rows: what `eval/accuracy` means.
struct GreedyEvaluation {
    let maxNewTokens: Int

    /// The share of rows whose greedy answer equals the expected one.
    func accuracy(on rows: [PromptRow], _ context: CallContext, _ model: WorkerModel) throws -> Double {
        guard !rows.isEmpty else { throw WorkerError(.plan, "an evaluation has no rows") }
        let prompts = try rows.map { try model.tokenizer.encodedPrompt(of: $0) }
        let options = GenerationOptions(
            maxNewTokens: maxNewTokens, sampling: .greedy, stopTokens: model.tokenizer.specialTokens.ends)
        let answers = try model.generate(prompts, options, context)
        var right = 0
        for answer in answers {
            let text = try model.tokenizer.answerText(answer.tokens)
            // Read back from tokens, as rewards are: what the vocabulary changes, such as composed characters, is the same
            // for both.
            let expected = try model.tokenizer.answerText(model.tokenizer.encodedAnswer(of: rows[answer.promptIndex]))
            if answer.finish == .stop, AnswerRule.matches(text, expected: expected) {
                right += 1
            }
        }
        return Double(right) / Double(rows.count)
    }
}
