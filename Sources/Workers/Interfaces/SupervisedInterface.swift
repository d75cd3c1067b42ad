import Compute
package import Protocol

/// Supervised fine-tuning: the mean negative log-probability of answer tokens.
package struct SupervisedInterface: ModelInterface {
    package static let name = "sft"
    package static let arguments = [
        Argument(
            "max_new_tokens", .integer(1...65_536), default: 32, "tokens of a greedy answer in an evaluation, at most")
    ]
    package static let signatures: [InterfaceType: InterfaceSignature] = [
        .trainStep: InterfaceSignature(inputs: [.packedInputIDs, .promptMask]),
        .evaluate: InterfaceSignature(inputs: []),
    ]

    private let maxNewTokens: Int

    package var longestAnswer: Int { maxNewTokens }

    package init(arguments: ArgumentValues) throws {
        maxNewTokens = try arguments.integer("max_new_tokens")
    }

    package func run(_ call: InterfaceCall, on model: WorkerModel) throws -> InterfaceResult {
        switch call {
        case .trainStep(let sample, let context):
            InterfaceResult(statistics: try train(on: sample, context, model))
        case .evaluate(let rows, let context):
            InterfaceResult(statistics: try evaluate(rows, context, model))
        case .generate, .inference:
            throw WorkerError(.plan, "interface 'sft' does not serve \(call.type.rawValue)")
        }
    }

    private func train(on sample: SequenceSample, _ context: CallContext, _ model: WorkerModel) throws -> [Metric] {
        let sequences = try TokenSequences(sample)
        let masks = sequences.map { LossMask.answer(promptMask: $0.promptMask) }
        guard masks.contains(where: { $0.contains(true) }) else {
            throw WorkerError(.storage, "a supervised batch has no answer token")
        }
        let weights = masks.map { Double($0.count(where: \.self)) }
        let update = try model.train(
            sequences.map(\.tokens), weights: weights, context,
            coefficients: { indices in SupervisedLoss.coefficients(mask: indices.flatMap { masks[$0] }) }
        ) { indices, outputs in
            var result = try SupervisedLoss.evaluate(
                Array(outputs.logProbabilities.joined()), mask: indices.flatMap { masks[$0] })
            for (index, logProbabilities) in zip(indices, outputs.logProbabilities) {
                SupervisedLoss.perplexity(logProbabilities, mask: masks[index]).map { result.statistics["ppl"].add($0) }
            }
            return result
        }
        return [
            Metric("sft/loss", update.loss), Metric("sft/ppl", update.statistics["ppl"].mean),
            Metric("sft/grad_norm", update.gradientNorm), Metric("sft/lr", update.learningRate),
            Metric("sft/n_tokens", Double(sequences.reduce(0) { $0 + $1.tokens.count })),
        ]
    }

    /// Greedy exact match, and the mean loss of the expected answers.
    private func evaluate(_ rows: [PromptRow], _ context: CallContext, _ model: WorkerModel) throws -> [Metric] {
        let accuracy = try GreedyEvaluation(maxNewTokens: maxNewTokens).accuracy(on: rows, context, model)
        let sequences = try rows.map { try model.tokenizer.encodedPair(of: $0) }
        let outputs = try model.score(sequences.map(\.tokens), context)
        let loss = try SupervisedLoss.evaluate(
            Array(outputs.joined()), mask: sequences.flatMap { LossMask.answer(promptMask: $0.promptMask) }
        ).loss
        return [Metric("eval/accuracy", accuracy), Metric("eval/loss", loss)]
    }
}
