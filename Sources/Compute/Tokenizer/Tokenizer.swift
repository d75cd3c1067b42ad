internal import Protocol

/// Turns text into the tokens of a model's vocabulary and back.
package protocol Tokenizer: Sendable {
    /// Number of tokens: every token is below it.
    var vocabularySize: Int { get }
    /// The tokens that stand around texts and are not of them.
    var specialTokens: SpecialTokens { get }
    /// The tokens of a text, without any that stand around it; `row` is where the text came from (a line number),
    /// named in the error.
    func encode(_ text: String, at place: TextPlace, row: Int?) throws(ComputeError) -> [Int32]
    /// The text of tokens up to the first that ends an answer; other special tokens are passed over.
    func decode(_ tokens: some Sequence<Int32>, at place: TextPlace) throws(ComputeError) -> String
    /// Whether a token below `vocabularySize` stands for a text; files may leave numbers out.
    func hasText(_ token: Int32) -> Bool
    /// What a model's folder holds of it, `tokenizer.json` first.
    var files: [TokenizerFile] { get }
}

/// Where a text stands, which matters to vocabularies that write a space before the first word of a text.
package enum TextPlace: Sendable {
    /// Nothing is before it.
    case beginning
    /// It goes on with a text whose tokens are already there, as an answer does.
    case continuation
}

extension Tokenizer {
    /// The tokens of a text that nothing is before.
    package func encode(_ text: String, row: Int? = nil) throws(ComputeError) -> [Int32] {
        try encode(text, at: .beginning, row: row)
    }

    /// The text of tokens that nothing is before, up to the first that ends an answer.
    package func decode(_ tokens: some Sequence<Int32>) throws(ComputeError) -> String {
        try decode(tokens, at: .beginning)
    }

    /// Whether both give the same tokens for every text, as far as their `tokenizer.json` tells.
    package func isSame(as other: any Tokenizer) -> Bool { files.first == other.files.first }

    /// The numbers below `count`, the size of a model's output, that stand for no text and must never be drawn: models
    /// are padded to round sizes.
    package func tokensWithoutText(below count: Int) -> [Int32] {
        (0..<Int32(clamping: count)).filter { $0 >= vocabularySize || !hasText($0) }
    }
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
    package static let mainName = ModelFileNames.tokenizer
}
