package import Compute
package import Protocol

/// Prompts to answer: `packed_prompts`, and `packed_answers` where a verifier needs what is expected.
package enum PromptDataset: Dataset {
    package static let name = "prompt"
    package static let keys: [SequenceKey] = [.packedPrompts, .packedAnswers]

    package static func fields(for needed: Set<SequenceKey>) -> RowFields {
        needed.contains(.packedAnswers) ? .promptAndAnswer : .prompt
    }

    package static func sample(
        _ row: PromptRow, id: SequenceID, needed: Set<SequenceKey>, tokenizer: any Tokenizer
    ) throws -> SequenceSample {
        var columns: [SequenceKey: SequenceSample.Column] = [:]
        for key in [SequenceKey.packedPrompts, .packedAnswers] where needed.contains(key) {
            let tokens =
                try key == .packedPrompts
                ? tokenizer.encodedPrompt(of: row) : tokenizer.encodedAnswer(of: row)
            columns[key] = .init(lengths: [[tokens.count]], array: .int32(tokens))
        }
        return try SequenceSample(ids: [id], columns: columns)
    }
}
