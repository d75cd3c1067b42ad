import Testing

@testable import Compute

/// A whole small file, with members replaced or added.
private func file(_ changes: [String: String] = [:], model: [String: String] = [:]) -> String {
    var members = [
        "version": "\"1.0\"", "pre_tokenizer": #"{"type":"ByteLevel","add_prefix_space":false}"#,
        "decoder": #"{"type":"ByteLevel"}"#,
    ]
    var inner = ["type": "\"BPE\"", "vocab": #"{"a":0,"b":1,"ab":2,"Ġ":3}"#, "merges": #"["a b"]"#]
    inner.merge(model) { $1 }
    members["model"] = "{" + inner.sorted { $0.key < $1.key }.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    members.merge(changes) { $1 }
    return "{" + members.sorted { $0.key < $1.key }.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
}

@Suite struct `BPE files` {
    @Test func `merges are read in both spellings`() throws {
        #expect(try bpeTokenizer(file()).encode("ab ba") == [2, 3, 1, 0])
        #expect(try bpeTokenizer(file(model: ["merges": #"[["a","b"]]"#])).encode("ab ba") == [2, 3, 1, 0])
    }

    @Test(arguments: [
        ("continuing_subword_prefix", "null"), ("continuing_subword_prefix", "\"\""), ("end_of_word_suffix", "\"\""),
        ("dropout", "null"), ("dropout", "0.0"), ("unk_token", "null"), ("byte_fallback", "false"),
    ])
    func `a setting that changes nothing is accepted`(key: String, value: String) throws {
        #expect(try bpeTokenizer(file(model: [key: value])).encode("ab") == [2])
    }

    @Test(arguments: [
        ("vocab", "[]", "model.vocab is no object"),
        ("vocab", "{}", "model.vocab is empty"),
        ("vocab", #"{"a":-1}"#, "model.vocab has no token below 1048576 for 'a'"),
        ("vocab", #"{"a":99999999}"#, "model.vocab has no token below 1048576 for 'a'"),
        ("vocab", #"{"a":0,"b":0}"#, "model.vocab has token 0 twice, again for 'b'"),
        ("merges", "7", "model.merges is no list"),
        ("merges", #"["a b","ab"]"#, "model.merges [1] is no pair of tokens"),
        ("merges", #"[["a"]]"#, "model.merges [0] is no pair of tokens"),
        ("merges", #"["b a"]"#, "model.merges [0] 'b a' names what the vocabulary lacks"),
        ("end_of_word_suffix", "7", "model.end_of_word_suffix is no text"),
        ("dropout", "0.1", "model.dropout is not supported"),
        ("unk_token", "\"?\"", "model.unk_token is not in the vocabulary"),
        ("fuse_unk", "1", "model.fuse_unk is neither true nor false"),
    ])
    func `a model beyond this version is refused with its key`(key: String, value: String, reason: String) throws {
        let error = #expect(throws: ComputeError.self) { try bpeTokenizer(file(model: [key: value])) }
        #expect(error?.code == .damagedFile)
        #expect(error?.summary == "tokenizer.json cannot be used: \(reason)")
        #expect(error?.detail == "/model/tokenizer.json")
    }

    @Test(arguments: [
        ("version", "\"2.0\"", "version is not '1.0'"),
        ("normalizer", #"{"type":"Precompiled"}"#, "normalizer is 'Precompiled'"),
        (
            "normalizer", #"{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Nmt"}]}"#,
            "normalizers[1] is 'Nmt'"
        ),
        (
            "normalizer", #"{"type":"Replace","pattern":{"Expression":" "},"content":""}"#,
            "normalizer.pattern has no 'Regex'"
        ),
        ("pre_tokenizer", #"{"type":"UnicodeScripts"}"#, "pre_tokenizer is 'UnicodeScripts'"),
        (
            "pre_tokenizer", #"{"type":"Split","pattern":{"Regex":"(a"},"behavior":"Isolated"}"#,
            "pre_tokenizer.pattern.Regex '(a' is no regular expression"
        ),
        (
            "pre_tokenizer", #"{"type":"Split","pattern":{"Regex":"x"},"behavior":"Kept"}"#,
            "behavior is not Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous"
        ),
        (
            "pre_tokenizer", #"{"type":"Sequence","pretokenizers":[{"type":"ByteLevel"},{"type":"Digits"}]}"#,
            "pretokenizers[1] stands behind ByteLevel"
        ),
        ("pre_tokenizer", #"{"type":"Metaspace","replacement":"ab"}"#, "replacement is not a single character"),
        ("pre_tokenizer", "null", "decoder and pre_tokenizer do not fit"),
        ("decoder", #"{"type":"WordPiece"}"#, "decoder is 'WordPiece'"),
        ("post_processor", #"{"type":"BertProcessing"}"#, "post_processor has no 'cls'"),
        ("post_processor", #"{"type":"TemplateProcessing","single":[]}"#, "post_processor.single has no sequence"),
        (
            "added_tokens", #"[{"id":0,"content":"x"}]"#,
            "added_tokens has id 0, which the vocabulary has for another token"
        ),
        ("added_tokens", #"[{"id":9,"content":"a"}]"#, "added_tokens[0] has another id than the vocabulary"),
        ("added_tokens", #"[{"id":9,"content":""}]"#, "added_tokens[0].content has 0 bytes"),
        (
            "added_tokens", #"[{"id":9,"content":"x"},{"id":9,"content":"y"}]"#,
            "added_tokens[1] has an id that another added token has"
        ),
    ])
    func `a step beyond this version is refused with its key`(key: String, value: String, reason: String) throws {
        let error = #expect(throws: ComputeError.self) { try bpeTokenizer(file([key: value])) }
        #expect(error?.summary.contains(reason) == true, "\(error?.summary ?? "")")
    }

    @Test func `what the vocabulary lacks is named with its row`() throws {
        let error = #expect(throws: ComputeError.self) { try bpeTokenizer(file()).encode("abc", row: 7) }
        #expect(error?.summary == "The tokenizer cannot use this: byte 0x63 in row 7 is not in the vocabulary")
        let characters = try bpeTokenizer(file(["pre_tokenizer": "null", "decoder": "null"]))
        let other = #expect(throws: ComputeError.self) { try characters.encode("aé") }
        #expect(other?.summary == "The tokenizer cannot use this: character 'é' (U+00E9) is not in the vocabulary")
    }

    @Test(arguments: [(true, [Int32(0), 3, 1]), (false, [0, 3, 3, 1])])
    func `unknown characters are one token or several`(fuses: Bool, expected: [Int32]) throws {
        let text = file(
            ["pre_tokenizer": "null", "decoder": "null"],
            model: ["vocab": #"{"a":0,"b":1,"ab":2,"?":3}"#, "unk_token": "\"?\"", "fuse_unk": "\(fuses)"])
        #expect(try bpeTokenizer(text).encode("axyb") == expected)
        #expect(try bpeTokenizer(text).decode([0, 3, 1]) == "a ? b")
    }

    @Test func `tokens around a text are kept apart from it`() throws {
        let processor = """
            {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"a","type_id":0}},
            {"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"b","type_id":0}}],
            "special_tokens":{"a":{"id":"a","ids":[0],"tokens":["a"]},"b":{"id":"b","ids":[1],"tokens":["b"]}}}
            """
        let tokenizer = try bpeTokenizer(file(["post_processor": processor]))
        #expect(tokenizer.specialTokens == SpecialTokens(beginning: [0], ends: [1]))
        #expect(try tokenizer.encode("ab") == [2])
    }
}
