import TestSupport
import Testing

@testable import Compute

@Suite struct `Tokenizers from before tokenizer.json` {
    private let folder = TemporaryFolder()

    private func load() throws -> any Tokenizer { try #require(try Tokenizers.load(folder: folder.path)) }

    /// The fixture's vocabulary and merges as the two files that GPT-2 was published with.
    private func writeOld(_ family: String) throws -> TokenizerFixture {
        let fixture = try TokenizerFixture(family)
        let model = try #require(try JSONParser.parse(fixture.file)["model"])
        let vocabulary = try #require(model["vocab"])
        let merges = try #require(model["merges"]?.asArray).map { pair in
            (pair.asArray ?? []).compactMap(\.asString).joined(separator: " ")
        }
        folder.write(vocabulary.compactText, to: "vocab.json")
        folder.write("#version: 0.2\n" + merges.joined(separator: "\n") + "\n", to: "merges.txt")
        return fixture
    }

    @Test func `GPT-2's two files give the tokens of its tokenizer.json, and are saved with it`() throws {
        let fixture = try writeOld("gpt2")
        let tokenizer = try load()
        #expect(tokenizer.specialTokens == SpecialTokens(ends: [0]))
        for entry in fixture.cases { #expect(try tokenizer.encode(entry.text) == entry.tokens) }
        #expect(tokenizer.files.map(\.name) == ["tokenizer.json", "vocab.json", "merges.txt"])
        for file in tokenizer.files { folder.write(file.bytes, to: file.name) }
        #expect(try load().isSame(as: tokenizer))
    }

    @Test func `Qwen's class has its own words and added tokens`() throws {
        let fixture = try writeOld("qwen2")
        let added = try #require(try JSONParser.parse(fixture.file)["added_tokens"]?.asArray)
        let decoder = added.compactMap { entry -> JSONMember? in
            guard case .object(let members) = entry, let id = entry["id"]?.asInt else { return nil }
            return JSONMember("\(id)", .object(members.filter { $0.name != "id" }))
        }
        let settings = JSONValue.object([
            JSONMember("tokenizer_class", .string("Qwen2Tokenizer")), JSONMember("eos_token", .string("<|im_end|>")),
            JSONMember("added_tokens_decoder", .object(decoder)),
        ])
        folder.write(settings.compactText, to: "tokenizer_config.json")
        let tokenizer = try load()
        #expect(tokenizer.specialTokens == SpecialTokens(ends: [382]))
        for entry in fixture.cases { #expect(try tokenizer.encode(entry.text) == entry.tokens) }
    }

    @Test func `a line of merges that is no pair is named`() {
        folder.write(#"{"a":0}"#, to: "vocab.json")
        folder.write("#version: 0.2\na b\nc\n", to: "merges.txt")
        let error = #expect(throws: ComputeError.self) { try load() }
        #expect(error?.summary == "merges.txt cannot be used: line 3 is no pair of tokens")
    }

    /// Every byte, then `ab`, `abc` and ` a`: numbers are ranks.
    private static let ranks: String = {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        func base64(_ byte: Int) -> String {
            String([alphabet[byte >> 2], alphabet[(byte & 3) << 4]]) + "=="
        }
        return ((0..<256).map { "\(base64($0)) \($0)" } + ["YWI= 256", "YWJj 257", "IGE= 258", "YmM= 259"])
            .joined(separator: "\n") + "\n"
    }()

    @Test(arguments: [
        ("ab", [Int32(256)]), ("abc", [257]), ("bc", [259]), ("aabc", [97, 257]), (" abc", [32, 257]),
        ("\u{e9}", [195, 169]),
        ("<|endoftext|>b", [260, 98]), ("<|im_end|>", [262]), ("<|extra_204|>", [467]),
    ])
    func `a tiktoken file joins what makes the lowest number`(text: String, expected: [Int32]) throws {
        folder.write(Self.ranks, to: "qwen.tiktoken")
        let tokenizer = try load()
        #expect(try tokenizer.encode(text) == expected)
        #expect(tokenizer.vocabularySize == 468)
    }

    @Test(arguments: ["YWI 1", "YWI= x", "YWI=", "Y?I= 3", "YWI= -1", "YWI= 1\nYWI= 2"])
    func `a tiktoken file that is none is refused`(text: String) {
        folder.write(text, to: "qwen.tiktoken")
        let error = #expect(throws: ComputeError.self) { try load() }
        #expect(error?.summary.hasPrefix("qwen.tiktoken cannot be used: ") == true)
    }

    @Test(arguments: ["tokenizer.model", "vocab.json", "merges.txt"])
    func `a file that is not read alone is refused with the command that makes tokenizer.json`(name: String) {
        folder.write("{}", to: name)
        let error = #expect(throws: ComputeError.self) { try load() }
        #expect(error?.summary == "\(name) cannot be used: it is not read without tokenizer.json")
        #expect(error?.hint?.contains("T.from_pretrained('\(folder.path)').save_pretrained('\(folder.path)')") == true)
    }

    @Test func `a tokenizer without a token that ends an answer is refused`() {
        folder.write(
            #"{"pre_tokenizer":{"type":"ByteLevel"},"decoder":{"type":"ByteLevel"},"model":{"vocab":{"a":0},"merges":[]}}"#,
            to: "tokenizer.json")
        let error = #expect(throws: ComputeError.self) { try load() }
        #expect(error?.summary == "tokenizer.json cannot be used: no token of it ends an answer")
        #expect(error?.hint?.contains("eos_token") == true)
    }
}
