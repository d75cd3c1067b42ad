import TestSupport
import Testing

@testable import Compute

@Suite struct `Tokenizer folders` {
    private let folder = TemporaryFolder()
    private let main = #"""
        {"added_tokens":[{"id":2,"content":"<end>","special":true},{"id":3,"content":"</s>","special":true}],
        "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},"decoder":{"type":"ByteLevel"},
        "model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":[]}}
        """#

    @Test func `a folder without a tokenizer has none`() throws {
        #expect(try Tokenizers.load(folder: folder.path) == nil)
        #expect(try Tokenizers.load(folder: folder.file("absent")) == nil)
    }

    @Test func `the model type of the file chooses the tokenizer`() throws {
        folder.write(main, to: "tokenizer.json")
        #expect(try Tokenizers.load(folder: folder.path) is BPETokenizer)
        folder.write(main.replacing(#""type":"BPE","#, with: ""), to: "tokenizer.json")
        #expect(try Tokenizers.load(folder: folder.path) is BPETokenizer)
        folder.write(CharacterTokenizer(covering: ["ab"]).json.prettyText, to: "tokenizer.json")
        #expect(try Tokenizers.load(folder: folder.path) is CharacterTokenizer)
    }

    @Test(arguments: [
        (#"{"model":{"type":"Unigram"}}"#, "model.type is 'Unigram'; known are BPE, WordLevel"),
        (#"{"model":{}}"#, "model has no 'type'"),
        (#"{"model":[]}"#, "model is no object"),
        ("{}", "has no 'model'"),
        ("[]", "is no JSON object"),
        ("{", "a member name must be a string at byte 1"),
    ])
    func `a file of no known type is refused`(text: String, reason: String) throws {
        folder.write(text, to: "tokenizer.json")
        let error = #expect(throws: ComputeError.self) { try Tokenizers.load(folder: folder.path) }
        #expect(error?.summary == "tokenizer.json cannot be used: \(reason)")
    }

    @Test func `a tokenizer beyond this version is not called damaged`() throws {
        folder.write(#"{"model":{"type":"Unigram"}}"#, to: "tokenizer.json")
        let error = #expect(throws: ComputeError.self) { try Tokenizers.load(folder: folder.path) }
        #expect(
            error?.hint
                == "The file is whole, but this version does not read such tokenizers: take a model whose tokenizer it reads."
        )
    }

    @Test func `of two files of tiktoken none is taken`() throws {
        for name in ["a.tiktoken", "b.tiktoken"] { folder.write("IQ== 0\n", to: name) }
        let error = #expect(throws: ComputeError.self) { try Tokenizers.load(folder: folder.path) }
        #expect(
            error?.summary == "a.tiktoken cannot be used: b.tiktoken lies beside it, and only one can be the model's")
        #expect(error?.hint == "Leave the model's own file alone in the folder.")
    }

    @Test(arguments: [
        ([:], [Int32(3)]),
        (["tokenizer_config.json": #"{"eos_token":"<end>"}"#], [2]),
        (["tokenizer_config.json": #"{"eos_token":{"content":"<end>"}}"#], [2]),
        (["tokenizer_config.json": #"{"eos_token":null}"#], [3]),
        (["config.json": #"{"eos_token_id":1}"#], [1]),
        (["config.json": #"{"eos_token_id":50256}"#], [3]),
        (
            [
                "tokenizer_config.json": #"{"eos_token":"<end>"}"#, "config.json": #"{"eos_token_id":2}"#,
                "generation_config.json": #"{"eos_token_id":[3,1]}"#,
            ], [2, 3, 1]
        ),
    ])
    func `the files beside it say what ends an answer`(files: [String: String], expected: [Int32]) throws {
        folder.write(main, to: "tokenizer.json")
        for (name, text) in files { folder.write(text, to: name) }
        #expect(try Tokenizers.load(folder: folder.path)?.specialTokens == SpecialTokens(ends: expected))
    }

    @Test(arguments: [
        (#"{"bos_token":"<end>"}"#, [Int32(3)]), (#"{"add_bos_token":true,"bos_token":"<end>"}"#, [2]),
        (#"{"add_bos_token":true,"bos_token":{"content":"<end>"}}"#, [2]), (#"{"add_bos_token":true}"#, []),
        (#"{"add_bos_token":false,"bos_token":"<end>"}"#, []), (#"{"add_eos_token":false}"#, []),
    ])
    func `its configuration says more of the beginning than its post-processor`(
        text: String, expected: [Int32]
    ) throws {
        let processor = #"""
            "post_processor":{"type":"TemplateProcessing","special_tokens":{"</s>":{"ids":[3]}},
            "single":[{"SpecialToken":{"id":"</s>"}},{"Sequence":{"id":"A"}}]},"model"
            """#
        folder.write(main.replacing(#""model""#, with: processor), to: "tokenizer.json")
        folder.write(text, to: "tokenizer_config.json")
        #expect(try Tokenizers.load(folder: folder.path)?.specialTokens.beginning == expected)
    }

    @Test(arguments: [
        ("tokenizer_config.json", #"{"eos_token":7}"#, "tokenizer_config.json cannot be used: eos_token is no object"),
        ("config.json", #"{"eos_token_id":"x"}"#, "config.json cannot be used: eos_token_id is no list"),
        ("generation_config.json", "?", "generation_config.json cannot be used: expected a value at byte 0"),
    ])
    func `a broken file beside it is named`(name: String, text: String, summary: String) throws {
        folder.write(main, to: "tokenizer.json")
        folder.write(text, to: name)
        let error = #expect(throws: ComputeError.self) { try Tokenizers.load(folder: folder.path) }
        #expect(error?.summary == summary)
    }

    @Test func `a checkpoint keeps a tokenizer's files byte for byte`() throws {
        let configuration = #"{"eos_token" : "<end>", "chat_template":"…"}"#
        folder.write(main, to: "tokenizer.json")
        folder.write(configuration, to: "tokenizer_config.json")
        let tokenizer = try #require(try Tokenizers.load(folder: folder.path))
        let spec = ModelSpec.gpt2(vocabularySize: 4, contextLength: 4, width: 8, layers: 1, heads: 1)
        let model = try LanguageModel(spec: spec, seed: 1, pool: ThreadPool(threads: 1))
        let place = try model.save(
            to: CheckpointFolder(path: folder.file("saved")), state: CheckpointState(step: 1), tokenizer: tokenizer)
        #expect(try ReadableFile.contents(of: place + "/tokenizer.json", limit: 10_000) == Array(main.utf8))
        let saved = try ReadableFile.contents(of: place + "/tokenizer_config.json", limit: 10_000)
        #expect(saved == Array(configuration.utf8))
        let loaded = try #require(try Checkpoint.open(place).tokenizer)
        #expect(loaded.isSame(as: tokenizer))
        #expect(loaded.specialTokens == SpecialTokens(ends: [2]))
        #expect(try Checkpoint.openExternal(place).tokenizer?.isSame(as: tokenizer) == true)
        #expect(!loaded.isSame(as: CharacterTokenizer(covering: ["ab"])))
    }
}
