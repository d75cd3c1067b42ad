import Compute
package import Protocol

/// The actor of group-relative policy optimisation: Shao et al. 2024, "DeepSeekMath".
///
/// Several answers to each prompt, advantages normalised within the group, the clipped policy loss against the
/// log-probabilities recorded while sampling, and a k3 penalty for leaving the reference model.
package struct GRPOActorInterface: ModelInterface {
    package static let name = "grpo_actor"
    package static let arguments = [
        Argument("group_size", .integer(2...4096), default: 8, "answers sampled for each prompt"),
        Argument("max_new_tokens", .integer(1...65_536), default: 32, "tokens of one answer, at most"),
        Argument("min_new_tokens", .integer(0...65_536), default: 0, "tokens of one answer before it may end"),
        Argument(
            "temperature", .number(0.01...100), default: 1,
            "temperature of sampling, and of the distribution that trains"),
        Argument("top_k", .integer(0...1_000_000), default: 0, "sample among this many tokens; 0: all"),
        Argument("top_p", .number(0.001...1), default: 1, "sample among the tokens that reach this probability"),
        Argument("n_minibatches", .integer(1...4096), default: 1, "optimizer updates the batch is cut into"),
        // A bound of 0 would leave no room at all; trust regions in use are from 0.0003 to 5.
        Argument("eps_clip", .number(0.0001...10), default: 0.2, "how far a probability ratio may move from 1"),
        Argument(
            "c_clip", .number(0...1e6), default: 0,
            "dual clip, above 1: how much a ratio counts where the advantage is negative; 0: none"),
        // The divergence estimated per token as a term of the loss: 0.001 is what large runs use.
        Argument("kl_ctl", .number(0...100), default: 0.001, "weight of the divergence from the reference"),
        Argument(
            "kl_target", .number(0...1000), default: 0,
            "divergence a token that the weight is steered towards; 0: the weight stays"),
        Argument(
            "kl_horizon", .number(1...1e9), default: 10_000,
            "answers in which the weight changes by a fifth at most", when: Condition("kl_target", .isAboveZero)),
    ]
    package static let signatures: [InterfaceType: InterfaceSignature] = [
        .generate: InterfaceSignature(
            inputs: [.packedPrompts],
            outputs: [.packedInputIDs, .promptMask, .packedLogProbabilities, .sequenceNoEOSMask]),
        .inference: InterfaceSignature(inputs: [.packedInputIDs], outputs: [.packedLogProbabilities]),
        .trainStep: InterfaceSignature(inputs: [
            .packedInputIDs, .promptMask, .packedLogProbabilities, .packedReferenceLogProbabilities, .rewards,
            .sequenceNoEOSMask,
        ]),
        .evaluate: InterfaceSignature(inputs: []),
    ]

    let generation: GenerationOptions
    let miniBatches: Int
    let policyLoss: ClippedPolicyLoss
    /// As a trial begins.
    let referenceWeight: KLController

    package var updatesPerStep: Int { miniBatches }
    package var longestAnswer: Int { generation.maxNewTokens }
    package var sequencesPerItem: Int { generation.samplesPerPrompt }

    /// What logits are divided by wherever the policy or its reference is asked for log-probabilities.
    var temperature: Float { generation.sampling.temperature }

    package init(arguments: ArgumentValues) throws {
        let topK = try arguments.integer("top_k")
        generation = GenerationOptions(
            maxNewTokens: try arguments.integer("max_new_tokens"),
            minNewTokens: try arguments.integer("min_new_tokens"),
            sampling: .sample(
                temperature: try arguments.float("temperature"), topK: topK == 0 ? nil : topK,
                topP: try arguments.float("top_p")),
            samplesPerPrompt: try arguments.integer("group_size"))
        guard generation.minNewTokens <= generation.maxNewTokens else {
            throw arguments.refusal(
                "min_new_tokens", mustBe: "at most \(arguments.label("max_new_tokens")), \(generation.maxNewTokens)")
        }
        miniBatches = try arguments.integer("n_minibatches")
        let dualClip = try arguments.number("c_clip")
        guard dualClip == 0 || dualClip > 1 else {
            throw arguments.refusal("c_clip", mustBe: "above 1, or 0 for none")
        }
        policyLoss = ClippedPolicyLoss(clip: try arguments.number("eps_clip"), dualClip: dualClip == 0 ? nil : dualClip)
        let weight = try arguments.number("kl_ctl"), target = try arguments.number("kl_target")
        let horizon = try arguments.number("kl_horizon")
        guard target == 0 || weight > 0 else {
            throw arguments.refusal(
                "kl_target", mustBe: "0 where \(arguments.label("kl_ctl")) is: a factor changes nothing")
        }
        referenceWeight = KLController(weight, adaptation: target == 0 ? nil : .init(target: target, horizon: horizon))
    }

    package func run(_ call: InterfaceCall, on model: WorkerModel) throws -> InterfaceResult {
        switch call {
        case .generate(let sample, let context):
            return InterfaceResult(outputs: try generate(sample, context, model))
        case .inference(let sample, let context):
            return InterfaceResult(outputs: try inference(sample, context, model))
        case .trainStep(let sample, let context):
            return InterfaceResult(statistics: try GRPOUpdate(self, sample, context).run(on: model))
        case .evaluate(let rows, let context):
            let evaluation = GreedyEvaluation(maxNewTokens: generation.maxNewTokens)
            return InterfaceResult(statistics: [
                Metric("eval/accuracy", try evaluation.accuracy(on: rows, context, model))
            ])
        }
    }

    private func generate(
        _ sample: SequenceSample, _ context: CallContext, _ model: WorkerModel
    ) throws -> SequenceSample {
        let prompts = try sample.sequences(of: .packedPrompts, as: Int32.self)
        var options = generation
        options.stopTokens = model.tokenizer.specialTokens.ends
        let answers = try model.generate(prompts, options, context).sorted { $0.promptIndex < $1.promptIndex }
        let sequences = answers.map { prompts[$0.promptIndex] + $0.tokens }
        let masks = answers.map { answer in
            let length = prompts[answer.promptIndex].count
            return Array(repeating: UInt8(1), count: length) + Array(repeating: 0, count: answer.tokens.count)
        }
        // What was recorded while sampling, 0 on prompt tokens. Scoring and training divide logits by the temperature
        // that was sampled at, so the importance ratio begins at 1 whatever it is.
        let recorded = answers.map { answer in
            Array(repeating: 0, count: prompts[answer.promptIndex].count - 1) + answer.logProbabilities
        }
        func grouped<Value>(_ values: [[Value]]) -> [[Int]] {
            Self.groups(values.map(\.count), of: generation.samplesPerPrompt)
        }
        return try SequenceSample(
            ids: sample.ids,
            columns: [
                .packedInputIDs: .init(lengths: grouped(sequences), array: .int32(sequences.flatMap(\.self))),
                .promptMask: .init(lengths: grouped(masks), array: .uint8(masks.flatMap(\.self))),
                .packedLogProbabilities: .init(lengths: grouped(recorded), array: .float32(recorded.flatMap(\.self))),
                .sequenceNoEOSMask: .init(
                    lengths: prompts.map { _ in Array(repeating: 1, count: generation.samplesPerPrompt) },
                    array: .uint8(answers.map { $0.finish == .stop ? 0 : 1 })),
            ])
    }

    private func inference(
        _ sample: SequenceSample, _ context: CallContext, _ model: WorkerModel
    ) throws -> SequenceSample {
        let sequences = try sample.sequences(of: .packedInputIDs, as: Int32.self)
        let scored = try model.score(sequences, context, temperature: temperature)
        let lengths = (sample.columns[.packedInputIDs]?.lengths ?? []).map { $0.map { max(0, $0 - 1) } }
        return try SequenceSample(
            ids: sample.ids,
            columns: [.packedLogProbabilities: .init(lengths: lengths, array: .float32(scored.flatMap(\.self)))])
    }

    private static func groups(_ counts: [Int], of size: Int) -> [[Int]] {
        stride(from: 0, to: counts.count, by: size).map { Array(counts[$0..<min($0 + size, counts.count)]) }
    }
}
