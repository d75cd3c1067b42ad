import Testing

@testable import Compute

/// A byte-level tokenizer of `a`, `b`, `c` and these merges in this order.
private func tokenizer(_ merges: [(String, String)], ignoringMerges: Bool = false) throws -> BPETokenizer {
    var vocabulary = ["a", "b", "c"]
    for (left, right) in merges where !vocabulary.contains(left + right) { vocabulary.append(left + right) }
    let entries = vocabulary.enumerated().map { "\"\($1)\":\($0)" }.joined(separator: ",")
    let pairs = merges.map { "[\"\($0)\",\"\($1)\"]" }.joined(separator: ",")
    return try bpeTokenizer(
        """
        {"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},"decoder":{"type":"ByteLevel"},
        "model":{"type":"BPE","vocab":{\(entries)},"merges":[\(pairs)],"ignore_merges":\(ignoringMerges)}}
        """)
}

/// Byte-pair encoding as its definition says: again and again the leftmost pair of the lowest rank.
private func naive(_ word: String, _ merges: [(String, String)]) -> [String] {
    var parts = word.map { String($0) }
    while true {
        let ranks = zip(parts, parts.dropFirst()).map { pair in
            merges.firstIndex { $0.0 == pair.0 && $0.1 == pair.1 } ?? .max
        }
        guard let best = ranks.min(), best != .max, let place = ranks.firstIndex(of: best) else { return parts }
        parts[place] += parts.remove(at: place + 1)
    }
}

@Suite struct `Byte-pair merges` {
    private let merges = [("a", "b"), ("b", "c"), ("ab", "c"), ("a", "a"), ("aa", "a"), ("c", "ab"), ("cab", "cab")]

    @Test(arguments: [
        ("abc", [5]), ("bca", [4, 0]), ("aaa", [7]), ("aaaa", [6, 6]), ("cabcab", [2, 5, 3]), ("ccab", [2, 8]),
        ("", []),
    ])
    func `the lowest rank joins first, and of equal ranks the leftmost`(word: String, expected: [Int32]) throws {
        #expect(try tokenizer(merges).encode(word) == expected)
    }

    @Test func `short and long words are merged as the definition says`() throws {
        var random = SeededGenerator(seed: 73)
        let tokenizer = try tokenizer(merges)
        for length in [1, 2, 3, 10, 31, 32, 33, 47, 48, 49, 50, 64, 120, 121] {
            for _ in 0..<8 {
                let word = String((0..<length).map { _ in Array("abc")[Int(random.next() % 3)] })
                let tokens = try tokenizer.encode(word)
                #expect(try tokens.map { try tokenizer.decode([$0], .shown) } == naive(word, merges))
            }
        }
    }

    @Test func `a repeated word has the same tokens each time`() throws {
        let tokenizer = try tokenizer(merges)
        #expect(try tokenizer.encode("abc abca abc".filter { $0 != " " }) == [5, 5, 0, 5])
        let spaced = "{\"Ġ\":3}"
        #expect(throws: ComputeError.self) { try tokenizer.encode("abc \(spaced)") }
    }

    @Test func `a word of the vocabulary is one token where merges are ignored`() throws {
        let merges = [("b", "c"), ("a", "b"), ("ab", "c")]
        #expect(try tokenizer(merges).encode("abc") == [0, 3])
        #expect(try tokenizer(merges, ignoringMerges: true).encode("abc") == [5])
        #expect(try tokenizer(merges, ignoringMerges: true).encode("abca") == [0, 3, 0])
    }

    @Test(.timeLimit(.minutes(1)))
    func `a hundred thousand letters without a space are no trouble`() throws {
        let tokens = try tokenizer(merges).encode(String(repeating: "a", count: 100_000))
        #expect(tokens.count == 50_000)
        #expect(Set(tokens) == [6])
    }
}
