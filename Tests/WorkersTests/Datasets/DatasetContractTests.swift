import Compute
import Protocol
import TestSupport
import Testing

@testable import Workers

/// What every registered dataset promises, over the list.
@Suite struct `Every dataset a plan can name` {
    private let folder = TemporaryFolder()
    private let tokenizer = CharacterTokenizer(covering: ["abcdefghijklmnopqrstuvwxyz 0123456789"])

    /// Rows that have a text in every column of the dataset, none like another.
    private func plan(_ type: any Dataset.Type, rows: Int = 12) -> DatasetPlan {
        let lines = (0..<rows).map { row in
            "{" + type.columns.map { "\"\($0)\": \"\($0) \(row)\"" }.joined(separator: ", ") + "}"
        }
        return DatasetPlan(
            type: type.name, path: folder.file("\(type.name).jsonl", lines: lines), maximumLength: 0, badRow: .skip,
            badRowLimit: 1)
    }

    private func demand(_ keys: [SequenceKey], limit: Int = 1000) -> RowDemand {
        RowDemand(
            needed: Set(keys), tokenizer: tokenizer,
            limit: LengthLimit(maximumLength: limit, context: nil, answer: 0))
    }

    @Test func `has a name of its own, and is found by it`() throws {
        #expect(Set(Datasets.names).count == Datasets.all.count)
        for type in Datasets.all { #expect(try ObjectIdentifier(Datasets.find(type.name)) == ObjectIdentifier(type)) }
    }

    @Test func `makes exactly the keys that are asked for, one item a row`() throws {
        for type in Datasets.all {
            for keys in type.keys.map({ [$0] }) + [type.keys] {
                let rows = try type.open(plan(type), for: demand(keys))
                #expect(rows.count == 12)
                for index in 0..<rows.count {
                    let sample = try rows.sample(index, epoch: 3)
                    #expect(Set(sample.columns.keys) == Set(keys), "\(type.name)")
                    #expect(sample.ids == ["\(index + 1)@3"])
                }
            }
        }
    }

    @Test func `serves the same items for the same seed, and others for another`() throws {
        for type in Datasets.all {
            let rows = try type.open(plan(type), for: demand(type.keys))
            func served(_ seed: UInt64) throws -> SequenceSample {
                var loader = DatasetLoader(rows: rows, seed: seed, used: 5)
                return try loader.next(20)
            }
            #expect(try served(1) == served(1))
            #expect(try served(1).ids != served(2).ids)
        }
    }

    @Test func `lists every column it reads: without one of them that is needed a row is named and left out`() throws {
        for type in Datasets.all {
            for column in type.columns {
                let others = type.columns.filter { $0 != column }.map { "\"\($0)\": \"x\"" }.joined(separator: ", ")
                let path = folder.file("missing.jsonl", lines: ["{\(others)}"])
                let plan = DatasetPlan(type: type.name, path: path, maximumLength: 0, badRow: .fail)
                let error = #expect(throws: DatasetError.self) { try type.open(plan, for: demand(type.keys)) }
                #expect(error?.reason.hasPrefix("the row has no '\(column)'") == true, "\(type.name)")
            }
        }
    }

    @Test func `counts a row in tokens as it is read`() throws {
        for type in Datasets.all { try countsTokens(type) }
    }

    private func countsTokens<Rows: Dataset>(_ type: Rows.Type) throws {
        let plan = plan(type)
        let rows = try type.read(plan, for: demand(type.keys)).rows
        let counts = try rows.map { try type.tokenCount(of: $0, tokenizer: tokenizer) }
        let longest = try #require(counts.max())
        #expect(try type.read(plan, for: demand(type.keys, limit: longest)).leftOut.count == 0)
        let shorter = try type.read(plan, for: demand(type.keys, limit: longest - 1))
        #expect(shorter.leftOut.count == counts.count { $0 == longest })
        #expect(shorter.leftOut.longest == longest)
        #expect(
            shorter.leftOut.errors.first?.reason
                == "the row has \(longest) tokens, the limit is \(longest - 1) (dataset.max_length)")
    }

    @Test func `leaves a row out whose text the vocabulary lacks, by line`() throws {
        for type in Datasets.all {
            let columns = type.columns.map { "\"\($0)\": \"é\"" }.joined(separator: ", ")
            let good = type.columns.map { "\"\($0)\": \"e\"" }.joined(separator: ", ")
            let plan = DatasetPlan(
                type: type.name, path: folder.file("odd.jsonl", lines: ["{\(good)}", "{\(columns)}"]),
                maximumLength: 0, badRow: .skip, badRowLimit: 1)
            let rows = try type.open(plan, for: demand(type.keys))
            #expect(rows.lines == [1])
            #expect(rows.leftOut.phrase == "1 with text that the vocabulary lacks")
            #expect(rows.leftOut.errors.first?.line == 2)
            #expect(Set(try type.texts(of: plan, amount: .all)) == ["e", "é"])
        }
    }
}

@Suite struct `How many tokens a row may have` {
    /// Two characters a token, so that characters and tokens cannot be mixed up.
    private let pairs = #"""
        {"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},"decoder":{"type":"ByteLevel"},
        "added_tokens":[{"id":3,"content":"</s>","special":true}],
        "model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}
        """#

    @Test func `is counted with the trial's tokenizer, not in characters`() throws {
        let folder = TemporaryFolder()
        folder.write(pairs, to: "tokenizer.json")
        let tokenizer = try #require(try Tokenizers.load(folder: folder.path))
        let path = folder.file("d.jsonl", lines: [#"{"prompt": "abababab", "answer": "abab"}"#])
        let plan = DatasetPlan(type: "prompt_answer", path: path, maximumLength: 7, badRow: .fail)
        let demand = RowDemand(
            needed: Set(PromptAnswerDataset.keys), tokenizer: tokenizer,
            limit: LengthLimit(maximumLength: 7, context: 16, answer: 0))
        #expect(try PromptAnswerDataset.read(plan, for: demand).rows.count == 1)
    }

    @Test(
        arguments: [
            (16, 32, .settings, 0, 20, "raise dataset.max_length to 20"),
            (0, 16, .settings, 0, 20, "raise model.context to 20"),
            (8, 16, .settings, 0, 20, "raise model.context to 20, and raise dataset.max_length to 20"),
            (0, 16, .settings, 4, 14, "lower grpo.max_new_tokens to 2, or raise model.context to 18"),
            (0, 16, .folder, 0, 20, "begin with a model that takes 20 tokens"),
            (
                0, 16, .folder, 4, 14,
                "lower grpo.max_new_tokens to 2, or begin with a model that takes 18 tokens"
            ),
        ] as [(Int, Int, LengthLimit.Shape, Int, Int, String)])
    func `comes with what makes room for a longer row and is not refused itself`(
        setting: Int, context: Int, shape: LengthLimit.Shape, answer: Int, tokens: Int, remedy: String
    ) {
        let limit = LengthLimit(maximumLength: setting, context: context, shape: shape, answer: answer)
        let fault = #expect(throws: RowFault.self) { try limit.check(tokens) }
        #expect(fault?.remedy == remedy)
    }

    @Test(
        arguments: [
            (0, 32, 0, 32, "the model's context of 32"), (16, 32, 0, 16, "dataset.max_length"),
            (32, 32, 8, 24, "the model's context of 32 less 8 for an answer"),
            (24, 32, 8, 24, "dataset.max_length"), (64, nil, 0, 64, "dataset.max_length"),
        ] as [(Int, Int?, Int, Int, String)])
    func `follows from the setting, the context and the room that an answer takes`(
        setting: Int, context: Int?, answer: Int, tokens: Int, origin: String
    ) {
        let limit = LengthLimit(maximumLength: setting, context: context, answer: answer)
        #expect(limit.tokens == tokens)
        #expect(limit.origin == origin)
    }
}
