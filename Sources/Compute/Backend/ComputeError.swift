import Protocol

/// What went wrong in the compute core, in words a person can act on.
package struct ComputeError: UserFacingError, Equatable {
    package enum Code: Sendable, Equatable {
        /// A model description that contradicts itself or that this version cannot run.
        case unsupportedModel
        /// A batch that does not fit the model: a token outside the vocabulary, a segment beyond the context length.
        case invalidBatch
        /// The system refused memory or threads.
        case outOfResources
        /// A call that needs an earlier one, such as a backward pass without its forward pass.
        case invalidState
        /// A file of a model or checkpoint that is absent, cut short, altered, or not what its name says.
        case damagedFile
        /// The operating system refused a file operation.
        case fileSystem
        /// The same for want of room: it passes when there is some.
        case diskFull
        /// Text with a character, or a token, that the tokenizer does not have.
        case unknownToken
        /// Weights, moments or logits that are NaN or infinite.
        case notFinite
    }

    package let code: Code
    /// One line: what failed.
    package let summary: String
    /// The facts behind it.
    package let detail: String
    /// What to do next; optional, or it would not be the one that a `UserFacingError` is asked for.
    package let hint: String?

    package init(_ code: Code, summary: String, detail: String, hint: String) {
        self.code = code
        self.summary = summary
        self.detail = detail
        self.hint = hint
    }
}
