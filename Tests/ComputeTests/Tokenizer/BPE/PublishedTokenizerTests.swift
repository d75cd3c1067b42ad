import Foundation
import Testing

@testable import Compute

/// Published tokenizers, which are not in this repository: `Fixtures/compare_published_tokenizers.py` says how to get them.
///
///     PUBLISHED_TOKENIZERS=/tmp/published swift test --filter 'Published tokenizers'
private let published = ProcessInfo.processInfo.environment["PUBLISHED_TOKENIZERS"]

@Suite(.enabled(if: published != nil)) struct `Published tokenizers` {
    @Test(arguments: ["deepseek", "anthropic", "qwen"])
    func `texts get the tokens that their libraries give, and back`(name: String) throws {
        let folder = "\(published ?? "")/\(name)"
        func parsed(_ path: String) throws -> JSONValue {
            try JSONParser.parse(ReadableFile.contents(of: path, limit: 1 << 28))
        }
        func tokens(_ value: JSONValue?) -> [Int32] { (value?.asArray ?? []).compactMap { $0.asInt.map(Int32.init) } }
        let tokenizer = try #require(try Tokenizers.load(folder: folder) as? BPETokenizer)
        let texts = try #require(try parsed("\(published ?? "")/texts.json").asArray).compactMap(\.asString)
        let root = try parsed(folder + "/cases.json"), cases = try #require(root["cases"]?.asArray)
        #expect(tokenizer.vocabularySize == root["vocabulary"]?.asInt)
        #expect(cases.count == texts.count && cases.count > 3000)
        for (text, entry) in zip(texts, cases) {
            let expected = tokens(entry["tokens"])
            #expect(try tokenizer.encode(text) == expected, "\(text.debugDescription)")
            let (shown, hidden) = (entry["shown"]?.asString ?? text, entry["hidden"]?.asString ?? text)
            #expect(try scalars(tokenizer.decode(expected, .shown)) == scalars(shown), "\(text.debugDescription)")
            #expect(try scalars(tokenizer.decode(expected, .hidden)) == scalars(hidden), "\(text.debugDescription)")
        }
        for sequence in try #require(root["sequences"]?.asArray) {
            let given = tokens(sequence["tokens"]), shown = sequence["shown"]?.asString ?? ""
            #expect(try scalars(tokenizer.decode(given, .shown)) == scalars(shown), "\(given)")
        }
    }
}
