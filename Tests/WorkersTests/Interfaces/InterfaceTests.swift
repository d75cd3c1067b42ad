import Compute
import Protocol
import Testing

@testable import Workers

@Suite struct InterfacesListTests {
    @Test(arguments: Interfaces.names) func `a listed interface is made from its defaults`(name: String) throws {
        let type = try Interfaces.find(name)
        #expect(!type.signatures.isEmpty)
        #expect(Set(type.arguments.map(\.name)).count == type.arguments.count)
        _ = try Interfaces.make(InterfaceReference(name))
    }

    @Test func `names are unique`() {
        #expect(Set(Interfaces.names).count == Interfaces.all.count)
        #expect(Interfaces.names == ["sft", "grpo_actor", "verifier_reward"])
        #expect(Hooks.names == ["data_transfer", "save", "evaluate"])
    }

    @Test func `an unknown interface is an error with a suggestion`() {
        let error = #expect(throws: WorkerError.self) { try Interfaces.find("grpo_actr") }
        #expect(error?.summary == "unknown interface 'grpo_actr'. Did you mean 'grpo_actor'?")
    }

    @Test func `an unknown argument is an error with a suggestion`() {
        let reference = InterfaceReference("grpo_actor", arguments: ["groupsize": .integer(4)])
        let error = #expect(throws: WorkerError.self) { try Interfaces.make(reference) }
        #expect(error?.summary == "interface 'grpo_actor' has no argument 'groupsize'. Did you mean 'group_size'?")
    }

    @Test func `an argument outside its range is an error with the range`() {
        let reference = InterfaceReference("grpo_actor", arguments: ["group_size": .integer(0)])
        let error = #expect(throws: WorkerError.self) { try Interfaces.make(reference) }
        #expect(error?.summary == "argument 'group_size' of interface 'grpo_actor' is 0; it must be in 1...4096")
    }

    @Test func `the calls of a policy setup fit their interfaces`() throws {
        for call in TinyTrial.policyCalls(4) { try Interfaces.check(call) }
    }

    @Test func `a call that lacks a key of its interface is refused`() {
        var call = TinyTrial.policyCalls(4)[2]
        call.inputKeys.removeLast()
        let error = #expect(throws: WorkerError.self) { try Interfaces.check(call) }
        #expect(error?.summary == "'rew_inf' lacks input key 'packed_answers' of interface 'verifier_reward'")
    }

    @Test func `a call that promises what its interface does not make is refused`() {
        var call = TinyTrial.policyCalls(4)[2]
        call.outputKeys = ["reward"]
        let error = #expect(throws: WorkerError.self) { try Interfaces.check(call) }
        #expect(error?.summary.contains("Did you mean 'rewards'?") == true)
    }

    @Test func `a call of a type its interface does not serve is refused`() {
        var call = TinyTrial.policyCalls(4)[2]
        call.interfaceType = .generate
        let error = #expect(throws: WorkerError.self) { try Interfaces.check(call) }
        #expect(error?.summary == "'rew_inf' asks interface 'verifier_reward' for generate; it serves inference")
    }
}

@Suite struct VerifierRewardTests {
    private let tokenizer = CharacterTokenizer(covering: ["0123456789+="])

    private func reward(_ answers: [String], expected: String, finished: Bool = true) throws -> [Float] {
        let prompt = try tokenizer.encode("1+1=")
        let tokens = try answers.map { try prompt + tokenizer.encode($0) + (finished ? [0] : []) }
        let wanted = try tokenizer.encode(expected)
        let lengths = [tokens.map(\.count)]
        let masks = tokens.map { sequence in sequence.indices.map { UInt8($0 < prompt.count ? 1 : 0) } }
        let sample = try SequenceSample(
            ids: ["a"],
            columns: [
                .packedInputIDs: .init(lengths: lengths, array: .int32(tokens.flatMap(\.self))),
                .promptMask: .init(lengths: lengths, array: .uint8(masks.flatMap(\.self))),
                .packedAnswers: .init(lengths: [[wanted.count]], array: .int32(wanted)),
            ])
        let interface = try Interfaces.make(InterfaceReference("verifier_reward"))
        let model = WorkerModel(rule: ModelName(.reward), tokenizer: tokenizer)
        let result = try interface.run(.inference(sample, CallContext(step: 1, seed: 1)), on: model)
        return try #require(result.outputs).sequences(of: .rewards, as: Float.self).flatMap(\.self)
    }

    @Test func `each answer of a group is scored against the prompt's expected answer`() throws {
        #expect(try reward(["2", "3", "22"], expected: "2") == [1, 0, 0])
    }

    @Test func `an answer without its end earns nothing`() throws {
        #expect(try reward(["2"], expected: "2", finished: false) == [0])
    }

    @Test func `a rule cannot be trained`() throws {
        let model = WorkerModel(rule: ModelName(.reward), tokenizer: tokenizer)
        #expect(throws: WorkerError(.plan, "model 'reward' has no optimizer, so it cannot train")) {
            try model.train([[1, 2]], weights: [1], CallContext(step: 1, seed: 1)) { _, _ in
                MicroBatchLoss(loss: 0, weight: 1, coefficients: [0])
            }
        }
    }
}

@Suite struct GRPOActorTests {
    private let tokenizer = CharacterTokenizer(covering: ["0123456789+="])
    private let context = CallContext(step: 4, seed: 9)

    private func model() throws -> WorkerModel {
        try WorkerModel(
            ModelName(.actor),
            spec: .gpt2(vocabularySize: tokenizer.vocabularySize, contextLength: 16, width: 16, layers: 1, heads: 2),
            optimizer: OptimizerOptions(learningRate: 1e-3), tokenizer: tokenizer, seed: 5, pool: ThreadPool(threads: 1)
        )
    }

    private func interface(_ arguments: [String: SettingValue] = [:]) throws -> any ModelInterface {
        let given: [String: SettingValue] = ["group_size": .integer(3), "max_new_tokens": .integer(4)]
        return try Interfaces.make(InterfaceReference("grpo_actor", arguments: given.merging(arguments) { $1 }))
    }

    private func prompts() throws -> SequenceSample {
        let tokens = try [tokenizer.encode("1+1="), tokenizer.encode("22+3=")]
        return try SequenceSample(
            ids: ["a", "b"],
            columns: [.packedPrompts: .init(lengths: [[4], [5]], array: .int32(tokens.flatMap(\.self)))])
    }

    private func generated(_ arguments: [String: SettingValue] = [:]) throws -> SequenceSample {
        try #require(try interface(arguments).run(.generate(prompts(), context), on: model()).outputs)
    }

    @Test func `every prompt gets a group of answers, with one log-probability fewer than tokens`() throws {
        let sample = try generated()
        let lengths = try #require(sample.columns[.packedInputIDs]).lengths
        #expect(lengths.map(\.count) == [3, 3])
        #expect(sample.columns[.packedLogProbabilities]?.lengths == lengths.map { $0.map { $0 - 1 } })
        #expect(sample.columns[.promptMask]?.lengths == lengths)
        #expect(sample.columns[.sequenceNoEOSMask]?.lengths == [[1, 1, 1], [1, 1, 1]])
        let sequences = try TokenSequences(sample)
        #expect(sequences.map(\.promptLength) == [4, 4, 4, 5, 5, 5])
    }

    @Test func `recorded log-probabilities are those that scoring finds`() throws {
        let sample = try generated()
        let recorded = try sample.sequences(of: .packedLogProbabilities, as: Float.self)
        let scored = try interface().run(
            .inference(try sample.selecting([.packedInputIDs]), context), on: model()
        ).outputs
        let found = try #require(scored).sequences(of: .packedLogProbabilities, as: Float.self)
        for (sequence, (one, other)) in zip(try TokenSequences(sample), zip(recorded, found)) {
            for index in one.indices where index >= sequence.promptLength - 1 {
                #expect(abs(one[index] - other[index]) < 1e-4)
            }
        }
    }

    @Test func `the first update has ratio 1, no clipping and no divergence from itself`() throws {
        let model = try model(), interface = try interface(["n_minibatches": .integer(1)])
        let sample = try generated()
        let recorded = try #require(sample.columns[.packedLogProbabilities])
        let batch = try sample.merging(
            SequenceSample(
                ids: sample.ids,
                columns: [
                    .packedReferenceLogProbabilities: recorded,
                    .rewards: .init(lengths: [[1, 1, 1], [1, 1, 1]], array: .float32([1, 0, 0, 0, 1, 1])),
                ]))
        let before = try model.score([[1, 2, 3]], context)
        let statistics = try interface.run(.trainStep(batch, context), on: model).statistics
        let values = Dictionary(uniqueKeysWithValues: statistics.map { ($0.name, $0.value) })
        #expect(abs((values["grpo_actor/importance_weight"] ?? 0) - 1) < 1e-3)
        #expect(values["grpo_actor/clip_ratio"] == 0)
        #expect((values["grpo_actor/kl_ref"] ?? 1) < 1e-5)
        #expect(values["grpo_actor/reward"] == 0.5)
        #expect((values["grpo_actor/grad_norm"] ?? 0) > 0)
        #expect(model.weightVersion == 4)
        #expect(try model.score([[1, 2, 3]], context) != before)
    }

    @Test func `equal rewards within a group change nothing but by the divergence`() throws {
        let model = try model(), interface = try interface(["kl_ctl": .number(0)])
        let sample = try generated()
        let recorded = try #require(sample.columns[.packedLogProbabilities])
        let batch = try sample.merging(
            SequenceSample(
                ids: sample.ids,
                columns: [
                    .packedReferenceLogProbabilities: recorded,
                    .rewards: .init(lengths: [[1, 1, 1], [1, 1, 1]], array: .float32([1, 1, 1, 0, 0, 0])),
                ]))
        let statistics = try interface.run(.trainStep(batch, context), on: model).statistics
        #expect(statistics.first { $0.name == "grpo_actor/grad_norm" }?.value == 0)
    }
}

@Suite struct SupervisedInterfaceTests {
    @Test func `the loss falls on a batch that is trained again and again`() throws {
        let tokenizer = CharacterTokenizer(covering: ["0123456789+="])
        let model = try WorkerModel(
            ModelName(.actor),
            spec: .gpt2(vocabularySize: tokenizer.vocabularySize, contextLength: 16, width: 16, layers: 1, heads: 2),
            optimizer: OptimizerOptions(learningRate: 1e-2), tokenizer: tokenizer, seed: 5, pool: ThreadPool(threads: 1)
        )
        let rows = [
            PromptRow(line: 1, id: "1", prompt: "1+1=", answer: "2"),
            .init(line: 2, id: "2", prompt: "2+3=", answer: "5"),
        ]
        let sample = try SequenceSample.gathered(
            rows.map {
                try PromptAnswerDataset.sample(
                    $0, id: $0.id, needed: [.packedInputIDs, .promptMask], tokenizer: tokenizer)
            })
        let interface = try Interfaces.make(InterfaceReference("sft", arguments: ["max_new_tokens": .integer(2)]))
        var losses: [Double] = []
        for step in UInt64(1)...40 {
            let result = try interface.run(.trainStep(sample, CallContext(step: step, seed: 1)), on: model)
            losses.append(try #require(result.statistics.first { $0.name == "sft/loss" }).value)
        }
        #expect(abs(losses[0] - 2.56) < 0.2)
        #expect(losses[39] < 0.1)
        let evaluated = try interface.run(.evaluate(rows, CallContext(step: 40, seed: 1)), on: model).statistics
        #expect(evaluated.first?.name == "eval/accuracy")
        #expect(evaluated.first?.value == 1)
    }

    @Test func `micro-batches do not change the update`() throws {
        let sequences: [[Int32]] = [[1, 2, 3], [4, 5], [6, 7, 8, 9]]
        func trained(_ spec: MicroBatchSpec) throws -> [[Float]] {
            let tokenizer = CharacterTokenizer(covering: ["0123456789+="])
            let model = try WorkerModel(
                ModelName(.actor),
                spec: .gpt2(vocabularySize: tokenizer.vocabularySize, contextLength: 8, width: 8, layers: 1, heads: 1),
                optimizer: OptimizerOptions(learningRate: 1e-2), tokenizer: tokenizer, seed: 5,
                pool: ThreadPool(threads: 1))
            let context = CallContext(step: 1, seed: 1, microBatches: spec)
            _ = try model.train(sequences, weights: [2, 1, 3], context) { _, outputs in
                let flat = Array(outputs.logProbabilities.joined())
                return try SupervisedLoss.evaluate(flat, mask: flat.map { _ in true })
            }
            return try model.score(sequences, context)
        }
        let one = try trained(MicroBatchSpec()), three = try trained(MicroBatchSpec(minimumCount: 3))
        for (left, right) in zip(one.joined(), three.joined()) { #expect(abs(left - right) < 1e-5) }
    }
}
