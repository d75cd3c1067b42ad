package import Compute
package import Protocol

/// Prompts to answer: `packed_prompts`, and `packed_answers` where a verifier needs what is expected.
package enum PromptDataset: Dataset {
    package static let name = "prompt"
    package static let keys: [SequenceKey] = [.packedPrompts, .packedAnswers]

    package static let columns = PromptRow.columns

    package static func row(_ record: RowRecord, needed: Set<SequenceKey>) throws(RowFault) -> PromptRow {
        try PromptRow(record, answer: needed.contains(.packedAnswers) ? .required : .unread)
    }

    /// A prompt's alone: what is expected of a model is no part of what it reads. It must have tokens all the same.
    package static func tokenCount(of row: PromptRow, tokenizer: any Tokenizer) throws -> Int {
        if row.answer != nil { _ = try tokenizer.encodedAnswer(of: row) }
        return try tokenizer.encodedPrompt(of: row).count
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
