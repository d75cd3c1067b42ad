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
        #expect(
            error?.summary
                == "argument 'group_size' of interface 'grpo_actor' is 0; it must be a whole number from 2 to 4096")
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
        return try Interfaces.make(
            InterfaceReference("grpo_actor", arguments: GivenArguments(given.merging(arguments) { $1 })))
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

    /// A step's batch of two groups of three: what was generated, with rewards and what the reference says.
    private func rewarded(
        _ sample: SequenceSample, _ rewards: [Float], reference: SequenceSample.Column
    ) throws -> SequenceSample {
        try sample.merging(
            SequenceSample(
                ids: sample.ids,
                columns: [
                    .packedReferenceLogProbabilities: reference,
                    .rewards: .init(lengths: [[1, 1, 1], [1, 1, 1]], array: .float32(rewards)),
                ]))
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
        let batch = try rewarded(sample, [1, 0, 0, 0, 1, 1], reference: recorded)
        let before = try model.score([[1, 2, 3]], context)
        let statistics = try interface.run(.trainStep(batch, context), on: model).statistics
        let values = Dictionary(uniqueKeysWithValues: statistics.map { ($0.name, $0.value) })
        #expect(abs((values["grpo_actor/importance_weight"] ?? 0) - 1) < 1e-3)
        #expect(values["grpo_actor/clip_ratio"] == 0)
        #expect((values["grpo_actor/kl_ref"] ?? 1) < 1e-5)
        #expect(values["grpo_actor/reward"] == 0.5)
        #expect((values["grpo_actor/grad_norm"] ?? 0) > 0)
        #expect(model.weightVersion == 1)
        #expect(try model.score([[1, 2, 3]], context) != before)
    }

    @Test(arguments: [0.7, 1, 1.6]) func `on policy the ratio is 1 at any temperature, token by token`(
        temperature: Double
    ) throws {
        let arguments: [String: SettingValue] = ["temperature": .number(temperature)]
        let interface = try interface(arguments), model = try model(), sample = try generated(arguments)
        let reference = try #require(
            try interface.run(.inference(try sample.selecting([.packedInputIDs]), context), on: model).outputs)
        let found = try reference.sequences(of: .packedLogProbabilities, as: Float.self)
        let recorded = try sample.sequences(of: .packedLogProbabilities, as: Float.self)
        for (sequence, (one, other)) in zip(try TokenSequences(sample), zip(recorded, found)) {
            for index in one.indices where index >= sequence.promptLength - 1 {
                #expect(abs(one[index] - other[index]) < 1e-5)
            }
        }
        let column = try #require(reference.columns[.packedLogProbabilities])
        let batch = try rewarded(sample, [1, 0, 0, 0, 1, 1], reference: column)
        let statistics = try interface.run(.trainStep(batch, context), on: model).statistics
        let values = Dictionary(uniqueKeysWithValues: statistics.map { ($0.name, $0.value) })
        #expect(abs((values["grpo_actor/importance_weight"] ?? 0) - 1) < 1e-5)
        #expect(abs(values["grpo_actor/approx_kl"] ?? 1) < 1e-5)
        #expect((values["grpo_actor/kl_ref"] ?? 1) < 1e-9)
        #expect(values["grpo_actor/clip_ratio"] == 0)
        #expect((values["grpo_actor/grad_norm"] ?? 0) > 0)
    }

    @Test func `entropy is that of the distribution that was drawn from`() throws {
        func entropy(_ temperature: Double) throws -> Double {
            let arguments: [String: SettingValue] = ["temperature": .number(temperature)]
            let sample = try generated(arguments)
            let recorded = try #require(sample.columns[.packedLogProbabilities])
            let batch = try rewarded(sample, [1, 0, 0, 0, 1, 1], reference: recorded)
            let statistics = try interface(arguments).run(.trainStep(batch, context), on: model()).statistics
            return try #require(statistics.first { $0.name == "grpo_actor/entropy" }).value
        }
        // Thirteen tokens: even at a high temperature, one-sided at a low one.
        #expect(try entropy(100) > 2.564)
        #expect(try entropy(0.01) < 1.5)
    }

    @Test func `equal rewards within a group change nothing but by the divergence`() throws {
        let model = try model(), interface = try interface(["kl_ctl": .number(0)])
        let sample = try generated()
        let recorded = try #require(sample.columns[.packedLogProbabilities])
        let batch = try rewarded(sample, [1, 1, 1, 0, 0, 0], reference: recorded)
        let statistics = try interface.run(.trainStep(batch, context), on: model).statistics
        #expect(statistics.first { $0.name == "grpo_actor/grad_norm" }?.value == 0)
    }
}
