/// A prompt and, where somebody reads it, the answer that is expected.
package struct PromptRow: DatasetRow, Equatable {
    package let line: Int
    package let prompt: String
    /// nil where nobody asked for it.
    package let answer: String?

    package init(line: Int, prompt: String, answer: String?) {
        self.line = line
        self.prompt = prompt
        self.answer = answer
    }

    /// Whether a row must have an answer.
    package enum Answer: Sendable {
        case required
        /// Nobody reads it, so whatever it is does no harm.
        case unread
    }

    /// The columns that such rows read.
    static let columns = ["prompt", "answer"]

    init(_ record: RowRecord, answer: Answer) throws(RowFault) {
        line = record.line
        prompt = try record.text("prompt")
        self.answer = answer == .required ? try record.text("answer") : nil
    }
}
