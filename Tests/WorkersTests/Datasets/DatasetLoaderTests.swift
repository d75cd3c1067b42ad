import Compute
import Protocol
import TestSupport
import Testing

@testable import Workers

@Suite struct DatasetLoaderTests {
    private func loader(seed: UInt64 = 7, used: Int = 0) -> DatasetLoader {
        let rows = DatasetRows(lines: Array(1...5)) { row, id in
            try SequenceSample(
                ids: [id], columns: [.packedPrompts: .init(lengths: [[1]], array: .int32([Int32(row)]))])
        }
        return DatasetLoader(rows: rows, seed: seed, used: used)
    }

    @Test func `every epoch serves every row once, in an order of its own`() throws {
        var loader = loader()
        let first = try loader.next(5).ids, second = try loader.next(5).ids
        #expect(Set(first) == ["1@0", "2@0", "3@0", "4@0", "5@0"])
        #expect(Set(second) == ["1@1", "2@1", "3@1", "4@1", "5@1"])
        #expect(first.map { $0.prefix(2) } != second.map { $0.prefix(2) })
    }

    @Test func `equal seeds serve equal orders, other seeds other orders`() throws {
        var first = loader(), same = loader(), other = loader(seed: 8)
        let ids = try first.next(10).ids
        #expect(try same.next(10).ids == ids)
        #expect(try other.next(10).ids != ids)
    }

    @Test func `a resumed loader goes on after what was used`() throws {
        var whole = loader(), resumed = loader(used: 7)
        let ids = try whole.next(7).ids
        let rest = try whole.next(6).ids
        #expect(try resumed.next(6).ids == rest)
        #expect(Set(ids).isDisjoint(with: rest))
    }

    @Test func `a resumed loader fetches up to where the whole run would have fetched`() throws {
        var whole = loader(), resumed = loader(used: 6)
        _ = try whole.nextBlock(of: 4)
        _ = try whole.nextBlock(of: 4)
        #expect(try resumed.nextBlock(of: 4).ids.count == 2)
        #expect(try resumed.nextBlock(of: 4).ids == whole.nextBlock(of: 4).ids)
    }

    @Test func `a prompt row becomes tokens of prompt and answer`() throws {
        let tokenizer = CharacterTokenizer(covering: ["12+"])
        let row = PromptRow(line: 1, prompt: "1+1", answer: "2")
        let sample = try PromptDataset.sample(
            row, id: "a@0", needed: [.packedPrompts, .packedAnswers], tokenizer: tokenizer)
        #expect(sample.columns[.packedPrompts]?.array == .int32([2, 1, 2]))
        #expect(sample.columns[.packedAnswers]?.array == .int32([3]))
    }

    @Test func `a supervised row ends with end-of-sequence and marks its prompt`() throws {
        let tokenizer = CharacterTokenizer(covering: ["12+"])
        let row = PromptRow(line: 1, prompt: "1+1", answer: "2")
        let sample = try PromptAnswerDataset.sample(
            row, id: "a@0", needed: [.packedInputIDs, .promptMask], tokenizer: tokenizer)
        #expect(sample.columns[.packedInputIDs]?.array == .int32([2, 1, 2, 3, 0]))
        #expect(sample.columns[.promptMask]?.array == .uint8([1, 1, 1, 0, 0]))
    }

    @Test func `an unknown dataset type is an error with a suggestion`() {
        let error = #expect(throws: DatasetError.self) { try Datasets.find("promt") }
        #expect(error?.summary == "unknown dataset type 'promt'. Did you mean 'prompt'?")
    }

}

@Suite struct TrialVocabularyTests {
    @Test func `characters of training and evaluation files are covered, sorted`() throws {
        let folder = TemporaryFolder()
        let train = folder.file("t.jsonl", lines: [#"{"prompt": "b", "answer": "c"}"#, "broken"])
        let held = folder.file("h.jsonl", lines: [#"{"prompt": "a", "answer": "b"}"#])
        let plan = TinyTrial.plan(train: train, heldOut: held, supervisedSteps: 1, policySteps: 0)
        let tokenizer = try #require(try TrialVocabulary.build(for: plan).tokenizer as? CharacterTokenizer)
        #expect(tokenizer.characters == ["a", "b", "c"])
        #expect(tokenizer.vocabularySize == 4)
    }

    /// A tokenizer of the letters a and b whose prompts begin with token 2 and whose answers end with token 3.
    private static let letters = #"""
        {"added_tokens":[{"id":2,"content":"<s>","special":true},{"id":3,"content":"</s>","special":true}],
        "post_processor":{"type":"TemplateProcessing","special_tokens":{"<s>":{"ids":[2]}},
        "single":[{"SpecialToken":{"id":"<s>"}},{"Sequence":{"id":"A"}}]},
        "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},"decoder":{"type":"ByteLevel"},
        "model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":[]}}
        """#

    private func plan(from folders: [String]) -> TrialPlan {
        var plan = TinyTrial.plan(train: "/none", heldOut: "/none", supervisedSteps: 1, policySteps: 1)
        for (setup, path) in zip(plan.setups.indices, folders) {
            for model in plan.setups[setup].models.indices {
                guard case .transformer(var shape) = plan.setups[setup].models[model].module else { continue }
                shape.initialization = .folder(path)
                plan.setups[setup].models[model].module = .transformer(shape)
            }
        }
        return plan
    }

    @Test func `a trial that begins with a model folder has its tokenizer`() throws {
        let folder = TemporaryFolder()
        folder.write(Self.letters, to: "tokenizer.json")
        let tokenizer = try TrialVocabulary.build(for: plan(from: [folder.path, folder.path])).tokenizer
        #expect(tokenizer is BPETokenizer)
        let row = PromptRow(line: 1, prompt: "ab", answer: "ba")
        let pair = try tokenizer.encodedPair(of: row)
        #expect(pair.tokens == [2, 0, 1, 1, 0, 3])
        #expect(pair.promptMask == [1, 1, 1, 0, 0, 0])
        let sample = try PromptDataset.sample(
            row, id: "x@0", needed: [.packedPrompts, .packedAnswers], tokenizer: tokenizer)
        #expect(sample.columns[.packedPrompts]?.array == .int32([2, 0, 1]))
        #expect(sample.columns[.packedAnswers]?.array == .int32([1, 0]))
    }

    @Test func `two model folders with different tokenizers are refused`() throws {
        let one = TemporaryFolder(), other = TemporaryFolder()
        one.write(Self.letters, to: "tokenizer.json")
        other.write(CharacterTokenizer(covering: ["ab"]).json.prettyText, to: "tokenizer.json")
        let error = #expect(throws: WorkerError.self) {
            try TrialVocabulary.build(for: plan(from: [one.path, other.path]))
        }
        #expect(error?.summary == "the models in \(one.path) and \(other.path) have different tokenizers")
    }

    @Test func `a model folder without a tokenizer gets no characters in its place`() {
        let folder = TemporaryFolder()
        folder.write("{}", to: "config.json")
        let error = #expect(throws: WorkerError.self) { try TrialVocabulary.build(for: plan(from: [folder.path])) }
        #expect(error?.summary == "the model in \(folder.path) has no tokenizer")
    }

    @Test func `its origin is the file, or the data whose characters it has`() throws {
        let folder = TemporaryFolder()
        let train = folder.file("t.jsonl", lines: [#"{"prompt": "b", "answer": "c"}"#])
        let data = TinyTrial.plan(train: train, heldOut: train, supervisedSteps: 1, policySteps: 0)
        #expect(try TrialVocabulary.build(for: data).origin == "the characters of \(train)")
        folder.write(Self.letters, to: "tokenizer.json")
        #expect(
            try TrialVocabulary.build(for: plan(from: [folder.path, folder.path])).origin
                == "\(folder.path)/tokenizer.json")
    }

    @Test(arguments: [(12, false), (13, false), (14, true)])
    func `a tokenizer that is larger than the model in a folder is refused, with both sizes and files`(
        tokens: Int, isRefused: Bool
    ) throws {
        let spec = ModelSpec.gpt2(vocabularySize: 13, contextLength: 8, width: 8, layers: 1, heads: 1)
        let letters = "abcdefghijklm".prefix(tokens - 1)
        let vocabulary = TrialVocabulary(
            tokenizer: CharacterTokenizer(covering: [String(letters)]), origin: "/data/tokenizer.json")
        let error: WorkerError?
        do {
            try vocabulary.check(fits: spec, of: "/models/small")
            error = nil
        } catch let refusal as WorkerError {
            error = refusal
        }
        #expect((error != nil) == isRefused)
        guard isRefused else { return }
        #expect(error?.summary == "the tokenizer has 14 tokens, the model in /models/small only 13")
        #expect(error?.detail == "tokenizer: /data/tokenizer.json; model: vocab_size of /models/small/config.json")
        #expect(error?.hint == "put the tokenizer.json that belongs to the model into its folder")
    }
}
