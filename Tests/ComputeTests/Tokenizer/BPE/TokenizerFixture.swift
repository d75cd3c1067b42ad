import Foundation
import Testing

@testable import Compute

/// The families of `Fixtures/make_tokenizer_fixtures.py`.
let tokenizerFamilies = [
    "gpt2", "qwen2", "llama3", "llama2", "metaspace", "smollm", "deepseek", "o200k", "behaviours", "clip", "wordpieces",
    "openai_gpt",
]

/// A tiny tokenizer and what the `tokenizers` library makes of hostile texts with it.
struct TokenizerFixture {
    struct Case {
        let text: String
        let tokens: [Int32]
        /// Decoded with special tokens, and without.
        let shown: String
        let hidden: String
    }

    let folder: String
    let file: [UInt8]
    let vocabularySize: Int
    /// What the library puts around an empty text.
    let template: [Int32]
    let cases: [Case]
    /// Token sequences that come from no text, with what they decode to.
    let sequences: [(tokens: [Int32], shown: String)]

    init(_ family: String) throws {
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
            .appending(path: "Fixtures/tokenizers")
        func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: fixtures.appending(path: name))) }
        let texts = try #require(try JSONParser.parse(bytes("texts.json")).asArray).map { try #require($0.asString) }
        let root = try JSONParser.parse(bytes("\(family)/cases.json"))
        folder = fixtures.appending(path: family).path
        file = try bytes("\(family)/tokenizer.json")
        vocabularySize = try #require(root["vocabulary"]?.asInt)
        template = try Self.tokens(root["template"])
        cases = try zip(texts, #require(root["cases"]?.asArray)).map { text, entry in
            Case(
                text: text, tokens: try Self.tokens(entry["tokens"]), shown: entry["shown"]?.asString ?? text,
                hidden: entry["hidden"]?.asString ?? text)
        }
        sequences = try #require(root["sequences"]?.asArray).map { entry in
            (try Self.tokens(entry["tokens"]), try #require(entry["shown"]?.asString))
        }
    }

    private static func tokens(_ value: JSONValue?) throws -> [Int32] {
        try #require(value?.asArray).map { Int32(try #require($0.asInt)) }
    }

    func tokenizer() throws -> BPETokenizer {
        try BPETokenizer(TokenizerDocument(path: folder + "/tokenizer.json", bytes: file))
    }
}

/// Texts are compared as scalars: Swift's strings are equal when canonically equivalent.
func scalars(_ text: String) -> [UInt32] { text.unicodeScalars.map(\.value) }

/// A tokenizer from the text of a `tokenizer.json`.
func bpeTokenizer(_ text: String) throws -> BPETokenizer {
    try BPETokenizer(TokenizerDocument(path: "/model/tokenizer.json", bytes: Array(text.utf8)))
}
