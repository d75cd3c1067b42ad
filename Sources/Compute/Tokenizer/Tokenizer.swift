/// Turns text into the tokens of a model's vocabulary and back.
package protocol Tokenizer: Sendable {
    /// Number of tokens: every token is below it.
    var vocabularySize: Int { get }
    /// The tokens that stand around texts and are not of them.
    var specialTokens: SpecialTokens { get }
    /// The tokens of a text, without any that stand around it; `row` is where the text came from (a line number),
    /// named in the error.
    func encode(_ text: String, row: Int?) throws(ComputeError) -> [Int32]
    /// The text of tokens up to the first that ends an answer; other special tokens are passed over.
    func decode(_ tokens: some Sequence<Int32>) throws(ComputeError) -> String
    /// What a model's folder holds of it, `tokenizer.json` first.
    var files: [TokenizerFile] { get }
}

extension Tokenizer {
    /// The tokens of a text that came from no row.
    package func encode(_ text: String) throws(ComputeError) -> [Int32] { try encode(text, row: nil) }

    /// Whether both give the same tokens for every text, as far as their `tokenizer.json` tells.
    package func isSame(as other: any Tokenizer) -> Bool { files.first == other.files.first }
}

/// The tokens that a tokenizer puts around texts.
package struct SpecialTokens: Sendable, Equatable {
    /// What a prompt begins with; empty for most vocabularies.
    package let beginning: [Int32]
    /// The tokens that end an answer. The first is the one that training puts behind an answer.
    package let ends: [Int32]

    package init(beginning: [Int32] = [], ends: [Int32]) {
        self.beginning = beginning
        self.ends = ends
    }

    /// Whether a sequence of tokens is finished.
    package func isEnd(_ token: Int32?) -> Bool { token.map(ends.contains) ?? false }
}

/// One file of a tokenizer, as it lies in a model's folder.
package struct TokenizerFile: Sendable, Equatable {
    package let name: String
    package let bytes: [UInt8]

    package init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    /// The file that every tokenizer has.
    package static let mainName = "tokenizer.json"
}
