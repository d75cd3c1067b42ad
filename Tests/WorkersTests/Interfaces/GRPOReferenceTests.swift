import Compute
import Foundation
import Protocol
import TestSupport
import Testing

@testable import Workers

/// A policy batch with made-up numbers, and what a train step must report of it, computed one token at a time.
private struct PolicyBatch {
    let tokenizer = CharacterTokenizer(covering: ["0123456789+="])
    var prompts: [[Int32]] = []
    /// By item, then by answer.
    var answers: [[[Int32]]] = []
    var old: [[[Float]]] = []
    var reference: [[[Float]]] = []
    var rewards: [[Float]] = []
    var unfinished: [[UInt8]] = []

    init(seed: UInt64) {
        var generator = SplitMix(seed: seed)
        func tokens(_ count: ClosedRange<Int>) -> [Int32] {
            (0..<Int.random(in: count, using: &generator)).map { _ in Int32.random(in: 1...12, using: &generator) }
        }
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let prompt = tokens(1...4),
                group = (0..<Int.random(in: 1...4, using: &generator)).map { _ in tokens(1...5) }
            prompts.append(prompt)
            answers.append(group)
            func logs() -> [[Float]] {
                group.map { answer in
                    (1..<prompt.count + answer.count).map { _ in Float.random(in: -4 ... -1, using: &generator) }
                }
            }
            old.append(logs())
            reference.append(logs())
            rewards.append(group.map { _ in Float(Int.random(in: 0...4, using: &generator)) / 4 })
            unfinished.append(group.map { _ in UInt8.random(in: 0...1, using: &generator) })
        }
    }

    func sequences() -> [[Int32]] { zip(prompts, answers).flatMap { prompt, group in group.map { prompt + $0 } } }

    func sample() throws -> SequenceSample {
        let lengths = zip(prompts, answers).map { prompt, group in group.map { prompt.count + $0.count } }
        let shorter = lengths.map { $0.map { $0 - 1 } }, single = answers.map { $0.map { _ in 1 } }
        let masks = zip(prompts, answers).flatMap { prompt, group in
            group.flatMap { answer in prompt.map { _ in UInt8(1) } + answer.map { _ in 0 } }
        }
        return try SequenceSample(
            ids: prompts.indices.map { "i\($0)" },
            columns: [
                .packedInputIDs: .init(lengths: lengths, array: .int32(sequences().flatMap(\.self))),
                .promptMask: .init(lengths: lengths, array: .uint8(masks)),
                .packedLogProbabilities: .init(lengths: shorter, array: .float32(old.joined().flatMap(\.self))),
                .packedReferenceLogProbabilities: .init(
                    lengths: shorter, array: .float32(reference.joined().flatMap(\.self))),
                .rewards: .init(lengths: single, array: .float32(rewards.flatMap(\.self))),
                .sequenceNoEOSMask: .init(lengths: single, array: .uint8(unfinished.flatMap(\.self))),
            ])
    }

    /// The statistics of one update with the weights whose log-probabilities are `new`.
    func expected(new: [[Float]], clip: Double, kl: Double) -> [String: Double] {
        var tokens = 0.0, policy = 0.0, divergence = 0.0, ratios = 0.0, clipped = 0.0, moved = 0.0, advantages = 0.0
        var sampled = 0.0
        var sequence = 0, answerTokens = 0.0
        for item in prompts.indices {
            let values = rewards[item].map(Double.init), mean = values.reduce(0, +) / Double(values.count)
            let deviation = (values.reduce(0) { $0 + pow($1 - mean, 2) } / Double(values.count)).squareRoot()
            for answer in answers[item].indices {
                let advantage = deviation == 0 ? 0 : (values[answer] - mean) / (deviation + 1e-5)
                advantages += advantage
                answerTokens += Double(answers[item][answer].count)
                for place in new[sequence].indices where place >= prompts[item].count - 1 {
                    let now = Double(new[sequence][place]), before = Double(old[item][answer][place])
                    let ratio = exp(now - before), bounded = min(max(ratio, 1 - clip), 1 + clip)
                    let gap = Double(reference[item][answer][place]) - now
                    tokens += 1
                    policy += max(-advantage * ratio, -advantage * bounded)
                    divergence += exp(gap) - gap - 1
                    let sampledGap = Double(reference[item][answer][place]) - before
                    sampled += exp(sampledGap) - sampledGap - 1
                    ratios += ratio
                    clipped += -advantage * bounded > -advantage * ratio ? 1 : 0
                    moved += before - now
                }
                sequence += 1
            }
        }
        let count = Double(sequence), all = Double(sequences().reduce(0) { $0 + $1.count })
        return [
            "actor_loss": (policy + kl * divergence) / tokens, "kl_ref": sampled / tokens,
            "importance_weight": ratios / tokens, "clip_ratio": clipped / tokens, "approx_kl": moved / tokens,
            "reward": rewards.joined().reduce(0) { $0 + Double($1) } / count, "advantages": advantages / count,
            "seq_len": answerTokens / count, "n_tokens": all, "n_seqs": count,
            "no_eos_ratio": unfinished.joined().reduce(0) { $0 + Double($1) } / count,
        ]
    }
}

@Suite struct `A policy train step against scalar arithmetic` {
    private let context = CallContext(step: 4, seed: 9)

    private func model(_ batch: PolicyBatch) throws -> WorkerModel {
        try WorkerModel(
            ModelName(.actor),
            spec: .gpt2(
                vocabularySize: batch.tokenizer.vocabularySize, contextLength: 16, width: 8, layers: 1, heads: 1),
            optimizer: OptimizerOptions(learningRate: 1e-3), tokenizer: batch.tokenizer, seed: 5,
            pool: ThreadPool(threads: 1))
    }

    private func interface(_ arguments: [String: SettingValue] = [:]) throws -> any ModelInterface {
        try Interfaces.make(InterfaceReference("grpo_actor", arguments: GivenArguments(arguments)))
    }

    private func train(
        _ sample: SequenceSample, _ batch: PolicyBatch, _ arguments: [String: SettingValue] = [:]
    ) throws -> [String: Double] {
        let metrics = try interface(arguments).run(.trainStep(sample, context), on: model(batch)).statistics
        return Dictionary(
            uniqueKeysWithValues: metrics.map { (String($0.name.dropFirst("grpo_actor/".count)), $0.value) })
    }

    @Test(arguments: UInt64(1)...25) func `reports what the definitions give, for ragged groups`(seed: UInt64) throws {
        let batch = PolicyBatch(seed: seed)
        let new = try model(batch).score(batch.sequences(), context)
        let found = try train(batch.sample(), batch, ["eps_clip": .number(0.3), "kl_ctl": .number(0.25)])
        for (name, value) in batch.expected(new: new, clip: 0.3, kl: 0.25) {
            let difference = abs((found[name] ?? .nan) - value)
            #expect(difference <= 2e-4 * max(1, abs(value)), "\(name): \(found[name] ?? .nan), not \(value)")
        }
    }

    @Test(arguments: UInt64(1)...10) func `cutting the step into micro-batches changes no statistic`(
        seed: UInt64
    ) throws {
        let batch = PolicyBatch(seed: seed), interface = try interface()
        func statistics(_ spec: MicroBatchSpec) throws -> [Double] {
            let context = CallContext(step: 4, seed: 9, microBatches: spec)
            return try interface.run(.trainStep(batch.sample(), context), on: model(batch)).statistics.map(\.value)
        }
        let whole = try statistics(MicroBatchSpec()),
            cut = try statistics(MicroBatchSpec(minimumCount: 3, maximumTokens: 16))
        for (one, other) in zip(whole, cut) { #expect(abs(one - other) <= 1e-4 * max(1, abs(one))) }
    }

    @Test(arguments: UInt64(1)...5) func `without advantages it moves towards the reference`(seed: UInt64) throws {
        var batch = PolicyBatch(seed: seed)
        batch.rewards = batch.rewards.map { $0.map { _ in 1 } }
        let interface = try interface(["kl_ctl": .number(1)]), model = try model(batch)
        let divergences = try (1...8).map { step in
            let context = CallContext(step: UInt64(step), seed: 1)
            let statistics = try interface.run(.trainStep(batch.sample(), context), on: model).statistics
            // All rewards are equal and the divergence has weight 1: it is the whole loss.
            return try #require(statistics.first { $0.name == "grpo_actor/actor_loss" }).value
        }
        #expect(zip(divergences, divergences.dropFirst()).allSatisfy { $0 > $1 }, "\(divergences)")
    }

    private struct Odd: InterfaceState {
        static let name = "reference_weight"
        var word = "heavy"
    }

    @Test func `a weight that is steered follows its target, and goes on from a checkpoint`() throws {
        let batch = PolicyBatch(seed: 3), target = 0.4
        let interface = try interface([
            "kl_ctl": .number(0.5), "kl_target": .number(target), "kl_horizon": .number(40),
        ])
        func step(_ number: UInt64, _ model: WorkerModel) throws -> [String: Double] {
            let statistics = try interface.run(
                .trainStep(batch.sample(), CallContext(step: number, seed: number)), on: model
            ).statistics
            return Dictionary(uniqueKeysWithValues: statistics.map { ($0.name, $0.value) })
        }
        let whole = try model(batch), steps = try (1...4).map { try step($0, whole) }
        let weights = steps.compactMap { $0["grpo_actor/kl_ctl"] }, count = Double(batch.sequences().count)
        #expect(weights.first == 0.5)
        for (index, pair) in zip(weights, weights.dropFirst()).enumerated() {
            let divergence = try #require(steps[index]["grpo_actor/kl_ref"])
            let expected = pair.0 * (1 + min(max(divergence / target - 1, -0.2), 0.2) * count / 40)
            #expect(abs(pair.1 - expected) < 1e-12)
        }
        let folder = TemporaryFolder(), half = try model(batch), other = try model(batch), third = try model(batch)
        for number in UInt64(1)...2 { #expect(try step(number, half) == steps[Int(number) - 1]) }
        let path = try half.save(to: folder.path, step: 2)
        try other.recover(from: path)
        for number in UInt64(3)...4 { #expect(try step(number, other) == steps[Int(number) - 1]) }
        // Weights alone are a beginning, not a going on.
        try third.loadWeights(from: path, layout: .trial)
        #expect(try step(3, third)["grpo_actor/kl_ctl"] == 0.5)
    }

    @Test func `a state that is none of its kind is refused by name`() throws {
        let batch = PolicyBatch(seed: 3), model = try model(batch)
        try model.keep(Odd())
        let error = #expect(throws: WorkerError.self) {
            try interface().run(.trainStep(batch.sample(), context), on: model)
        }
        #expect(
            error?.summary
                == #"the checkpoint of model 'actor' holds a 'reference_weight' that cannot be read: {"word":"heavy"}"#)
    }

    @Test func `a weight of 0 cannot be steered`() {
        #expect(throws: (any Error).self) { try interface(["kl_ctl": .number(0), "kl_target": .number(1)]) }
        #expect(throws: Never.self) { try interface(["kl_ctl": .number(0)]) }
    }

    @Test func `the log-probabilities of prompts do not matter`() throws {
        var batch = PolicyBatch(seed: 3)
        let before = try train(batch.sample(), batch)
        for item in batch.prompts.indices {
            for answer in batch.answers[item].indices {
                for place in 0..<batch.prompts[item].count - 1 { batch.old[item][answer][place] = -90 }
            }
        }
        #expect(try train(batch.sample(), batch) == before)
    }

    @Test func `more mini-batches than answers are as many as answers`() throws {
        let batch = PolicyBatch(seed: 2)
        let found = try train(batch.sample(), batch, ["n_minibatches": .integer(100)])
        #expect(found["n_seqs"] == Double(batch.sequences().count))
        #expect((found["grad_norm"] ?? .nan).isFinite)
    }

    enum Misfit: CaseIterable {
        case rewardOfAnotherGroup, noAnswer, shortOld, longReference, missingKey, wrongType, shortMask

        var reason: String {
            switch self {
            case .rewardOfAnotherGroup: "key 'rewards' does not have one element for each answer of each group"
            case .noAnswer: "a policy batch has no answer"
            case .shortOld, .longReference: "log-probabilities do not fit the sequences they belong to"
            case .missingKey: "the sample has no key 'rewards'"
            case .wrongType: "key 'rewards' does not hold Float data here"
            case .shortMask: "packed_input_ids and prompt_mask have sequences of different lengths"
            }
        }

        /// Two items, the first with two answers of two tokens, the second with one; spoilt in this way.
        func sample() throws -> SequenceSample {
            let lengths = [[2, 2], [2]], logs = [[1, 1], [1]]
            var columns: [SequenceKey: SequenceSample.Column] = [
                .packedInputIDs: .init(lengths: lengths, array: .int32([1, 2, 1, 3, 1, 4])),
                .promptMask: .init(lengths: lengths, array: .uint8([1, 0, 1, 0, 1, 0])),
                .packedLogProbabilities: .init(lengths: logs, array: .float32([-1, -1, -1])),
                .packedReferenceLogProbabilities: .init(lengths: logs, array: .float32([-1, -1, -1])),
                .rewards: .init(lengths: logs, array: .float32([1, 0, 1])),
                .sequenceNoEOSMask: .init(lengths: logs, array: .uint8([0, 0, 0])),
            ]
            switch self {
            case .rewardOfAnotherGroup: columns[.rewards] = .init(lengths: [[1], [1, 1]], array: .float32([1, 0, 1]))
            case .noAnswer:
                columns = columns.mapValues { .init(lengths: [[], []], array: $0.array?.slice(0..<0) ?? .uint8([])) }
            case .shortOld:
                columns[.packedLogProbabilities] = .init(lengths: [[1, 1], [0]], array: .float32([-1, -1]))
            case .longReference:
                columns[.packedReferenceLogProbabilities] = .init(
                    lengths: [[1, 2], [1]], array: .float32([-1, -1, -1, -1]))
            case .missingKey: columns[.rewards] = nil
            case .wrongType: columns[.rewards] = .init(lengths: logs, array: .int32([1, 0, 1]))
            case .shortMask: columns[.promptMask] = .init(lengths: [[2, 1], [3]], array: .uint8([1, 0, 1, 1, 0, 0]))
            }
            return try SequenceSample(ids: ["a", "b"], columns: columns)
        }
    }

    @Test(arguments: Misfit.allCases) func `data that does not fit together is refused in words`(misfit: Misfit) throws
    {
        let batch = PolicyBatch(seed: 1)
        let error = #expect(throws: (any Error).self) { try train(misfit.sample(), batch) }
        #expect(error.map { describe($0) }?.hasPrefix(misfit.reason) == true)
    }
}
