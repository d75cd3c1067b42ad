import Compute
import Protocol
import Testing

@testable import Workers

@Suite struct `Arguments of the shipped interfaces` {
    private func error(_ type: String, _ name: String, _ value: SettingValue) -> String? {
        do {
            _ = try Interfaces.make(InterfaceReference(type, arguments: [name: value]))
            return nil
        } catch {
            return (error as? WorkerError)?.summary ?? "\(error)"
        }
    }

    @Test(
        arguments: [
            ("grpo_actor", "group_size", SettingValue.integer(2)), ("grpo_actor", "group_size", .integer(4096)),
            ("grpo_actor", "max_new_tokens", .integer(1)), ("grpo_actor", "max_new_tokens", .integer(65_536)),
            ("grpo_actor", "min_new_tokens", .integer(32)), ("grpo_actor", "temperature", .number(0.01)),
            ("grpo_actor", "temperature", .integer(100)), ("grpo_actor", "top_k", .integer(1)),
            ("grpo_actor", "top_p", .integer(1)), ("grpo_actor", "eps_clip", .number(0.0001)),
            ("grpo_actor", "c_clip", .integer(0)), ("grpo_actor", "c_clip", .number(1.001)),
            ("grpo_actor", "kl_ctl", .integer(0)), ("sft", "max_new_tokens", .integer(65_536)),
            ("verifier_reward", "partial_credit", .integer(1)), ("verifier_reward", "correct_reward", .number(-1e6)),
        ] as [(String, String, SettingValue)])
    func `at the ends of their ranges are taken`(type: String, name: String, value: SettingValue) {
        #expect(error(type, name, value) == nil)
    }

    @Test(
        arguments: [
            ("grpo_actor", "group_size", SettingValue.integer(4097), "4097; it must be a whole number from 2 to 4096"),
            ("grpo_actor", "max_new_tokens", .integer(0), "0; it must be a whole number from 1 to 65536"),
            (
                "grpo_actor", "min_new_tokens", .integer(33),
                "33; it must be at most argument 'max_new_tokens' of interface 'grpo_actor', 32"
            ),
            ("grpo_actor", "min_new_tokens", .integer(-1), "-1; it must be a whole number from 0 to 65536"),
            ("grpo_actor", "temperature", .integer(0), "0; it must be a number from 0.01 to 100.0"),
            ("grpo_actor", "temperature", .number(.nan), "nan; it must be a number from 0.01 to 100.0"),
            ("grpo_actor", "top_p", .number(1.01), "1.01; it must be a number from 0.001 to 1.0"),
            ("grpo_actor", "n_minibatches", .integer(0), "0; it must be a whole number from 1 to 4096"),
            ("grpo_actor", "kl_ctl", .number(.infinity), "inf; it must be a number from 0.0 to 100.0"),
            ("grpo_actor", "kl_ctl", .number(-0.1), "-0.1; it must be a number from 0.0 to 100.0"),
            ("grpo_actor", "c_clip", .number(0.5), "0.5; it must be above 1, or 0 for none"),
            ("grpo_actor", "c_clip", .integer(1), "1.0; it must be above 1, or 0 for none"),
            ("sft", "max_new_tokens", .integer(65_537), "65537; it must be a whole number from 1 to 65536"),
            ("verifier_reward", "partial_credit", .number(1.5), "1.5; it must be a number from 0.0 to 1.0"),
        ] as [(String, String, SettingValue, String)])
    func `beyond them are refused with the value and the range`(
        type: String, name: String, value: SettingValue, ending: String
    ) {
        #expect(error(type, name, value) == "argument '\(name)' of interface '\(type)' is \(ending)")
    }

    @Test(arguments: [
        ("grpo_actor", "n_minibatchs", "n_minibatches"), ("grpo_actor", "kl_ctrl", "kl_ctl"),
        ("grpo_actor", "Top_K", "top_k"), ("grpo_actor", "max_new_token", "max_new_tokens"),
        ("verifier_reward", "partial_credits", "partial_credit"),
    ]) func `misspelt are refused with what was probably meant`(type: String, name: String, meant: String) {
        #expect(
            error(type, name, .integer(1))
                == "interface '\(type)' has no argument '\(name)'. Did you mean '\(meant)'?")
    }

    @Test func `far from any name are refused without a guess`() {
        #expect(error("sft", "zzzzzz", .integer(1)) == "interface 'sft' has no argument 'zzzzzz'.")
        #expect(error("sft", "", .integer(1)) == "interface 'sft' has no argument ''.")
    }

    @Test func `of several wrong ones the first by name is told, the same every time`() {
        let arguments: [String: SettingValue] = ["b": .integer(1), "a": .integer(1), "c": .integer(1)]
        for _ in 0..<5 {
            let error = #expect(throws: WorkerError.self) {
                try Interfaces.make(InterfaceReference("sft", arguments: GivenArguments(arguments)))
            }
            #expect(error?.summary == "interface 'sft' has no argument 'a'.")
        }
    }

    @Test func `the number of updates a step follows from the mini-batches`() throws {
        let many = InterfaceReference("grpo_actor", arguments: ["n_minibatches": .integer(4)])
        #expect(try Interfaces.make(many).updatesPerStep == 4)
        #expect(try Interfaces.make(InterfaceReference("sft")).updatesPerStep == 1)
    }

    @Test(arguments: [InterfaceType.generate, .inference]) func `sft says what it does not serve`(
        type: InterfaceType
    ) throws {
        let model = WorkerModel(rule: ModelName(.actor), tokenizer: CharacterTokenizer(covering: ["1"]))
        let sample = try SequenceSample(ids: [], columns: [:]), context = CallContext(step: 1, seed: 1)
        let call: InterfaceCall = type == .generate ? .generate(sample, context) : .inference(sample, context)
        #expect(throws: WorkerError(.plan, "interface 'sft' does not serve \(type.rawValue)")) {
            try Interfaces.make(InterfaceReference("sft")).run(call, on: model)
        }
    }

    @Test func `an evaluation without rows is an error, not a share of nothing`() throws {
        let model = WorkerModel(rule: ModelName(.actor), tokenizer: CharacterTokenizer(covering: ["1"]))
        #expect(throws: WorkerError(.plan, "an evaluation has no rows")) {
            try Interfaces.make(InterfaceReference("sft")).run(.evaluate([], CallContext(step: 1, seed: 1)), on: model)
        }
    }
}

@Suite struct `A verifier over groups` {
    private let tokenizer = CharacterTokenizer(covering: ["0123456789+="])

    private func run(
        groups: [[String]], expected: [String], dropping: Bool = false
    ) throws -> SequenceSample? {
        let prompt = try tokenizer.encode("1+1=")
        let tokens = try groups.map { try $0.map { try prompt + tokenizer.encode($0) + [0] } }
        let lengths = tokens.map { $0.map(\.count) }, wanted = try expected.map { try tokenizer.encode($0) }
        let masks = tokens.joined().flatMap { sequence in sequence.indices.map { UInt8($0 < 4 ? 1 : 0) } }
        let answers = dropping ? wanted.map { _ in [Int]() } : wanted.map { [$0.count] }
        let sample = try SequenceSample(
            ids: groups.indices.map { "i\($0)" },
            columns: [
                .packedInputIDs: .init(lengths: lengths, array: .int32(tokens.joined().flatMap(\.self))),
                .promptMask: .init(lengths: lengths, array: .uint8(masks)),
                .packedAnswers: .init(lengths: answers, array: .int32(dropping ? [] : wanted.flatMap(\.self))),
            ])
        let reference = InterfaceReference("verifier_reward", arguments: ["correct_reward": .number(2)])
        return try Interfaces.make(reference).run(
            .inference(sample, CallContext(step: 1, seed: 1)),
            on: WorkerModel(rule: ModelName(.reward), tokenizer: tokenizer)
        ).outputs
    }

    @Test func `ragged ones each get one reward an answer, against their own prompt's answer`() throws {
        let outputs = try #require(
            try run(groups: [["2", "3"], ["3"], [], ["", "3", "33"]], expected: ["2", "3", "4", "33"]))
        #expect(outputs.ids == ["i0", "i1", "i2", "i3"])
        #expect(outputs.columns[.rewards]?.lengths == [[1, 1], [1], [], [1, 1, 1]])
        #expect(outputs.columns[.rewards]?.array == .float32([2, 0, 2, 0, 0, 2]))
    }

    @Test func `a prompt without an expected answer is refused with both numbers`() {
        #expect(throws: WorkerError(.storage, "a batch of 2 prompts has 0 answers")) {
            try run(groups: [["2"], ["3"]], expected: ["2", "3"], dropping: true)
        }
    }

    @Test(arguments: [InterfaceType.generate, .trainStep, .evaluate]) func `it serves inference only`(
        type: InterfaceType
    ) throws {
        let sample = try SequenceSample(ids: [], columns: [:]), context = CallContext(step: 1, seed: 1)
        let call: InterfaceCall =
            switch type {
            case .generate: .generate(sample, context)
            case .trainStep: .trainStep(sample, context)
            default: .evaluate([], context)
            }
        #expect(throws: WorkerError(.plan, "interface 'verifier_reward' does not serve \(type.rawValue)")) {
            try Interfaces.make(InterfaceReference("verifier_reward")).run(
                call, on: WorkerModel(rule: ModelName(.reward), tokenizer: tokenizer))
        }
    }
}
