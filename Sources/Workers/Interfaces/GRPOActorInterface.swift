import Compute
package import Protocol

/// The actor of group-relative policy optimisation: Shao et al. 2024, "DeepSeekMath".
///
/// Several answers to each prompt, advantages normalised within the group, the clipped policy loss against the
/// log-probabilities recorded while sampling, and a k3 penalty for leaving the reference model.
package struct GRPOActorInterface: ModelInterface {
    package static let name = "grpo_actor"
    package static let arguments = [
        InterfaceArgument("group_size", .integer(8), "answers to each prompt"),
        InterfaceArgument("max_new_tokens", .integer(32), "tokens an answer may have"),
        InterfaceArgument("min_new_tokens", .integer(0), "tokens before an answer may end"),
        InterfaceArgument("temperature", .number(1), "temperature of sampling, and of the distribution that trains"),
        InterfaceArgument("top_k", .integer(0), "draw from this many most probable tokens; 0: from all"),
        InterfaceArgument("top_p", .number(1), "draw from the most probable tokens that reach this share"),
        InterfaceArgument("n_minibatches", .integer(1), "optimizer updates a step"),
        InterfaceArgument("eps_clip", .number(0.2), "how far the importance ratio may leave 1"),
        InterfaceArgument("c_clip", .number(0), "dual clip, above 1; 0: none"),
        InterfaceArgument("kl_ctl", .number(0.02), "weight of the divergence from the reference"),
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
    let objective: PolicyObjective

    package var updatesPerStep: Int { miniBatches }

    /// What logits are divided by wherever the policy or its reference is asked for log-probabilities.
    var temperature: Float { generation.sampling.temperature }

    package init(arguments: InterfaceArguments) throws {
        let temperature = Float(try arguments.number("temperature", in: 0.01...100))
        let topK = try arguments.integer("top_k", in: 0...1_000_000)
        let longest = try arguments.integer("max_new_tokens", in: 1...65_536)
        generation = GenerationOptions(
            maxNewTokens: longest,
            minNewTokens: try arguments.integer("min_new_tokens", in: 0...longest),
            sampling: .sample(
                temperature: temperature, topK: topK == 0 ? nil : topK,
                topP: Float(try arguments.number("top_p", in: 0.001...1))),
            samplesPerPrompt: try arguments.integer("group_size", in: 1...4096))
        miniBatches = try arguments.integer("n_minibatches", in: 1...4096)
        let dualClip = try arguments.number("c_clip", in: 0...1e6)
        guard dualClip == 0 || dualClip > 1 else {
            throw WorkerError(
                .plan,
                "argument 'c_clip' of interface '\(Self.name)' is \(dualClip); it must be above 1, or 0 for none")
        }
        objective = PolicyObjective(
            ClippedPolicyLoss(
                clip: try arguments.number("eps_clip", in: 0.001...10), dualClip: dualClip == 0 ? nil : dualClip),
            referenceWeight: try arguments.number("kl_ctl", in: 0...1e6))
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
