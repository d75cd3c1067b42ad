/// Why a line of a dataset is no row that can be used.
package struct RowFault: Error, Sendable, Equatable {
    package enum Kind: Sendable, CaseIterable {
        case json
        case encoding
        /// A column that is needed is not there.
        case column
        /// A column that is needed holds something else than text.
        case value
        /// A column that is needed holds a list: the turns of a chat, or several answers.
        case list
        /// The same column more than once.
        case repetition
        /// An escape of half a character, which is no text.
        case surrogate
        /// More bytes than a line may have.
        case bytes
        /// More tokens than a row may have.
        case length
        /// Text that the vocabulary has no token for.
        case vocabulary
    }

    package let kind: Kind
    package let reason: String
    /// Of a row that is too long, its tokens.
    package let tokens: Int
    /// Of a row that is too long, what makes room for it.
    package let remedy: String
    /// Of a row that lacks a column, those it has.
    package let columns: [String]

    package init(
        _ kind: Kind, _ reason: String, tokens: Int = 0, remedy: String = "", columns: [String] = []
    ) {
        self.kind = kind
        self.reason = reason
        self.tokens = tokens
        self.remedy = remedy
        self.columns = columns
    }
}

extension RowFault.Kind {
    /// What rows of this kind are, after their number.
    var phrase: String {
        switch self {
        case .json: "no JSON object"
        case .encoding: "no UTF-8"
        case .column: "without a needed column"
        case .value: "with a value that is no text"
        case .list: "with a list in place of a text"
        case .repetition: "with a column that comes twice"
        case .surrogate: "with an unpaired surrogate"
        case .bytes: "of more than 1 MiB"
        case .length: "too long"
        case .vocabulary: "with text that the vocabulary lacks"
        }
    }
}
