import Compute
package import Protocol

/// A rule-based reward: an answer that equals the expected one earns `correct_reward`, any other a share of it.
///
/// A wrong answer earns `partial_credit` times the share of its characters that stand where the expected answer has
/// them. The default, 0, is the plain rule: right or nothing.
package struct VerifierRewardInterface: ModelInterface {
    package static let name = "verifier_reward"
    package static let arguments = [
        Argument("correct_reward", .number(-1e6...1e6), default: 1, "reward of an answer that equals the expected one"),
        Argument(
            "partial_credit", .number(0...1), default: 0,
            "times the share of characters in the right place: reward of a wrong answer"),
    ]
    package static let signatures: [InterfaceType: InterfaceSignature] = [
        .inference: InterfaceSignature(
            inputs: [.packedInputIDs, .promptMask, .packedAnswers], outputs: [.rewards])
    ]

    private let rule: AnswerRule

    package init(arguments: ArgumentValues) throws {
        rule = AnswerRule(
            correct: try arguments.float("correct_reward"), partialCredit: try arguments.float("partial_credit"))
    }

    package func run(_ call: InterfaceCall, on model: WorkerModel) throws -> InterfaceResult {
        guard case .inference(let sample, _) = call else {
            throw WorkerError(.plan, "interface '\(Self.name)' does not serve \(call.type.rawValue)")
        }
        let sequences = try TokenSequences(sample)
        let expected = try sample.sequences(of: .packedAnswers, as: Int32.self).map {
            try model.tokenizer.answerText($0)
        }
        guard expected.count == sequences.groupSizes.count else {
            throw WorkerError(
                .storage, "a batch of \(sequences.groupSizes.count) prompts has \(expected.count) answers")
        }
        var rewards: [Float] = [], next = 0
        for (item, size) in sequences.groupSizes.enumerated() {
            for sequence in sequences[next..<next + size] {
                // Without its end-of-sequence an answer is unfinished, whatever it says so far.
                let isFinished = model.tokenizer.specialTokens.isEnd(sequence.answer.last)
                let text = try model.tokenizer.answerText(sequence.answer)
                rewards.append(rule.reward(text, expected: expected[item], isFinished: isFinished))
            }
            next += size
        }
        let lengths = sequences.groupSizes.map { Array(repeating: 1, count: $0) }
        let outputs = try SequenceSample(
            ids: sample.ids, columns: [.rewards: .init(lengths: lengths, array: .float32(rewards))])
        return InterfaceResult(outputs: outputs)
    }
}
