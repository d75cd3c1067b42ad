package import Compute
package import Protocol

/// Prompts with their answers, for supervised training: prompt, answer and end-of-sequence in `packed_input_ids`.
package enum PromptAnswerDataset: Dataset {
    package static let name = "prompt_answer"
    package static let keys: [SequenceKey] = [.packedInputIDs, .promptMask]

    package static let columns = PromptRow.columns

    package static func row(_ record: RowRecord, needed: Set<SequenceKey>) throws(RowFault) -> PromptRow {
        try PromptRow(record, answer: .required)
    }

    package static func tokenCount(of row: PromptRow, tokenizer: any Tokenizer) throws -> Int {
        try tokenizer.encodedPair(of: row).tokens.count
    }

    package static func sample(
        _ row: PromptRow, id: SequenceID, needed: Set<SequenceKey>, tokenizer: any Tokenizer
    ) throws -> SequenceSample {
        let pair = try tokenizer.encodedPair(of: row)
        let lengths = [[pair.tokens.count]]
        let columns: [SequenceKey: SequenceSample.Column] = [
            .packedInputIDs: .init(lengths: lengths, array: .int32(pair.tokens)),
            .promptMask: .init(lengths: lengths, array: .uint8(pair.promptMask)),
        ]
        return try SequenceSample(ids: [id], columns: columns.filter { needed.contains($0.key) })
    }
}

extension Tokenizer {
    /// Prompt, answer and end-of-sequence of a row, with the prompt marked.
    package func encodedPair(of row: PromptRow) throws -> TokenSequence {
        let prompt = try encodedPrompt(of: row)
        let answer = try encode(row.answer ?? "", row: row.line) + specialTokens.ends.prefix(1)
        return TokenSequence(
            tokens: prompt + answer,
            promptMask: Array(repeating: 1, count: prompt.count) + Array(repeating: 0, count: answer.count))
    }

    /// The prompt of a row, with what a prompt begins with.
    package func encodedPrompt(of row: PromptRow) throws -> [Int32] {
        try specialTokens.beginning + encode(row.prompt, row: row.line)
    }
}
