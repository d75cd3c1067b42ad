import Compute

/// One row of a jsonl file.
package struct PromptRow: Sendable, Equatable {
    /// Counted from 1.
    package let line: Int
    /// The row's `id`, else its line number.
    package let id: String
    package let prompt: String
    /// nil where the file has none and nobody asked for it.
    package let answer: String?

    package init(line: Int, id: String, prompt: String, answer: String?) {
        self.line = line
        self.id = id
        self.prompt = prompt
        self.answer = answer
    }
}

/// Which fields a row must have.
package enum RowFields: Sendable, Equatable {
    case prompt
    case promptAndAnswer
}
