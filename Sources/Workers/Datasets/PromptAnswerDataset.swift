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
        let pair = try encodedPair(prompt: row.prompt, answer: row.answer ?? "", row: row.line)
        let tokens = pair.tokens
        return TokenSequence(
            tokens: tokens,
            promptMask: tokens.indices.map { $0 < pair.prompt.count ? 1 : 0 })
    }

    /// The prompt of a row, with what a prompt begins with.
    package func encodedPrompt(of row: PromptRow) throws -> [Int32] {
        try encodedPrompt(row.prompt, row: row.line)
    }

    /// The answer of a row behind its prompt, without what ends it.
    package func encodedAnswer(of row: PromptRow) throws -> [Int32] {
        try encodedPair(prompt: row.prompt, answer: row.answer ?? "", row: row.line).answer
    }
}
