import Testing

@testable import Compute

@Suite struct `Character tokenizer` {
    @Test func `characters are numbered from one and end-of-sequence is zero`() throws {
        let tokenizer = try CharacterTokenizer(characters: "0123+=".unicodeScalars)
        #expect(tokenizer.vocabularySize == 7)
        #expect(try tokenizer.encode("12+3=") == [2, 3, 5, 4, 6])
        #expect(try tokenizer.decode([2, 3, 5, 4, 6]) == "12+3=")
    }

    @Test func `a vocabulary from texts is sorted and does not depend on row order`() {
        let one = CharacterTokenizer(covering: ["b=", "a"])
        let other = CharacterTokenizer(covering: ["a", "=b"])
        #expect(one == other)
        #expect(one.characters == ["=", "a", "b"])
    }

    @Test func `what is encoded decodes to the same bytes`() throws {
        // A decomposed accent, a regional indicator pair and CR LF: grapheme clusters would merge or reorder these.
        let text = "e\u{301}\u{1F1E8}\u{1F1ED}\r\n训"
        let tokenizer = CharacterTokenizer(covering: [text])
        #expect(try Array(tokenizer.decode(tokenizer.encode(text)).utf8) == Array(text.utf8))
    }

    @Test func `decoding ends at end-of-sequence`() throws {
        let tokenizer = try CharacterTokenizer(characters: "ab".unicodeScalars)
        #expect(try tokenizer.decode([1, 2, 0, 1]) == "ab")
    }

    @Test(arguments: [
        ("1-2", 7, "The tokenizer cannot use this: character '-' (U+002D) in row 7 is not in the vocabulary"),
        ("1\u{7}", 12, "The tokenizer cannot use this: character U+0007 in row 12 is not in the vocabulary"),
    ])
    func `an unknown character is named with its row`(text: String, row: Int, summary: String) throws {
        let tokenizer = try CharacterTokenizer(characters: "12".unicodeScalars)
        let error = #expect(throws: ComputeError.self) { try tokenizer.encode(text, row: row) }
        #expect(error?.code == .unknownToken)
        #expect(error?.summary == summary)
    }

    @Test(arguments: [-1, 3] as [Int32])
    func `a token outside the vocabulary is an error`(token: Int32) throws {
        let tokenizer = try CharacterTokenizer(characters: "ab".unicodeScalars)
        let error = #expect(throws: ComputeError.self) { try tokenizer.decode([1, token]) }
        #expect(error?.summary == "The tokenizer cannot use this: token \(token) is outside the vocabulary of 3")
    }

    @Test func `a repeated character is an error`() {
        let error = #expect(throws: ComputeError.self) { try CharacterTokenizer(characters: "aba".unicodeScalars) }
        #expect(error?.summary.contains("'a' (U+0061) appears twice") == true)
    }
}

@Suite struct `Tokenizer file` {
    @Test func `a tokenizer reads back as it was written`() throws {
        let tokenizer = CharacterTokenizer(covering: ["\"\\\n\u{301}é训0"])
        let text = Array(tokenizer.json.prettyText.utf8)
        #expect(try CharacterTokenizer(json: text, path: "tokenizer.json") == tokenizer)
    }

    @Test func `the vocabulary is a word list with end-of-sequence first`() throws {
        let json = try CharacterTokenizer(characters: "ab".unicodeScalars).json
        #expect(json["model"]?["type"]?.asString == "WordLevel")
        #expect(json["model"]?["vocab"]?.compactText == #"{"<eos>":0,"a":1,"b":2}"#)
    }

    @Test(arguments: [
        (#"{"#, "tokenizer.json cannot be used: a member name must be a string at byte 1"),
        (#"{"model":{"type":"BPE","vocab":{}}}"#, "is not a character tokenizer"),
        (#"{"model":{"type":"WordLevel","vocab":{"<eos>":0,"a":2}}}"#, "'a' has no token below 2"),
        (#"{"model":{"type":"WordLevel","vocab":{"<eos>":0,"a":-1}}}"#, "'a' has no token below 2"),
        (#"{"model":{"type":"WordLevel","vocab":{"<eos>":0,"ab":1}}}"#, "'ab' is not a single character"),
        (#"{"model":{"type":"WordLevel","vocab":{"a":0,"b":1}}}"#, "token 0 is not <eos>"),
        (#"{"model":{"type":"WordLevel","vocab":{"<eos>":0,"a":1,"b":1}}}"#, "the tokens are not 0 to 2"),
        (#"{"model":{"type":"WordLevel","vocab":{}}}"#, "token 0 is not <eos>"),
    ])
    func `a damaged file is refused with a reason`(text: String, reason: String) {
        let error = #expect(throws: ComputeError.self) {
            try CharacterTokenizer(json: Array(text.utf8), path: "/x/tokenizer.json")
        }
        #expect(error?.code == .damagedFile)
        #expect(error?.summary.contains(reason) == true, "\(error?.summary ?? "")")
    }
}
