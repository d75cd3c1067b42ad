import Testing

@testable import Compute

/// A tokenizer of single bytes 0 to 255 with these added tokens from 256 on.
private func tokenizer(_ added: [(content: String, flags: [String])]) throws -> BPETokenizer {
    let vocabulary = ByteAlphabet.characters.enumerated().map { index, scalar in
        JSONMember(String(Character(scalar)), .integer(index))
    }
    let tokens = added.enumerated().map { index, token in
        JSONValue.object(
            [JSONMember("id", .integer(256 + index)), JSONMember("content", .string(token.content))]
                + ["special", "single_word", "lstrip", "rstrip", "normalized"].map {
                    JSONMember($0, .bool(token.flags.contains($0)))
                })
    }
    let model = JSONValue.object([
        JSONMember("type", .string("BPE")), JSONMember("vocab", .object(vocabulary)), JSONMember("merges", .array([])),
    ])
    let root = JSONValue.object([
        JSONMember("added_tokens", .array(tokens)),
        JSONMember("normalizer", .object([JSONMember("type", .string("NFC"))])),
        JSONMember("pre_tokenizer", .object([JSONMember("type", .string("ByteLevel"))])),
        JSONMember("decoder", .object([JSONMember("type", .string("ByteLevel"))])),
        JSONMember("model", model),
    ])
    return try bpeTokenizer(root.compactText)
}

/// The tokens with single bytes as characters and added tokens as `#`, `$`, `%`.
private func sketch(_ tokens: [Int32]) -> String {
    String(tokens.map { $0 < 256 ? Character(Unicode.Scalar(UInt8($0))) : Array("#$%")[Int($0) - 256] })
}

@Suite struct `Added tokens` {
    @Test(arguments: [
        ("<a>", "#"), ("x<a>y", " x# y"), ("<a><a>", "##"), ("<a", " <a"), ("<a>b>", "$"), ("<<a>", " <#"),
        ("<a>b", "# b"), ("", ""),
    ])
    func `the leftmost is found, and of those the longest`(text: String, expected: String) throws {
        let tokenizer = try tokenizer([("<a>", []), ("<a>b>", [])])
        #expect(sketch(try tokenizer.encode(text)) == expected)
    }

    @Test(arguments: [
        (["lstrip"], "x  TT y", " x# y"), (["rstrip"], "x TT \n y", " x # y"),
        (["lstrip", "rstrip"], " TT  TT ", "##"),
        (["single_word"], "TT aTT TTa (TT) TT_ _TT", "# aTT TTa (# ) TT_ _TT"), ([], " TT ", " # "),
    ])
    func `white space and words beside it are treated as its flags say`(
        flags: [String], text: String, expected: String
    ) throws {
        #expect(sketch(try tokenizer([("TT", flags)]).encode(text)) == expected)
    }

    @Test func `a normalised token is found in the normalised text only`() throws {
        let tokenizer = try tokenizer([("e\u{301}", ["normalized"]), ("a\u{308}", [])])
        #expect(try tokenizer.encode("\u{E9}") == [256])
        #expect(try tokenizer.encode("e\u{301}") == [256])
        #expect(try tokenizer.encode("a\u{308}") == [257])
        #expect(try tokenizer.encode("\u{E4}").contains(257) == false)
    }

    @Test func `special tokens are left out of text, others are not`() throws {
        let tokenizer = try tokenizer([("<s>", ["special"]), ("<t>", [])])
        let tokens = try tokenizer.encode("<s> a<t>")
        #expect(sketch(tokens) == "# a$")
        #expect(try tokenizer.decode(tokens, .shown) == "<s> a<t>")
        #expect(try tokenizer.decode(tokens, .hidden) == " a<t>")
        #expect(try tokenizer.decode(tokens) == " a<t>")
    }
}
