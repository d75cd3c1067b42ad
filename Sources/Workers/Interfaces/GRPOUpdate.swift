import Compute
import Protocol

/// One train step of GRPO: the batch with its advantages, cut into mini-batches of one optimizer update each.
struct GRPOUpdate {
    private let interface: GRPOActorInterface
    private let context: CallContext
    private let sequences: TokenSequences
    private let old: [[Float]]
    private let reference: [[Float]]
    private let rewards: [Float]
    private let advantages: [Float]
    private let unfinished: [UInt8]

    init(_ interface: GRPOActorInterface, _ sample: SequenceSample, _ context: CallContext) throws {
        self.interface = interface
        self.context = context
        sequences = try TokenSequences(sample)
        old = try sample.sequences(of: .packedLogProbabilities, as: Float.self)
        reference = try sample.sequences(of: .packedReferenceLogProbabilities, as: Float.self)
        rewards = try sample.sequences(of: .rewards, as: Float.self).flatMap(\.self)
        unfinished = try sample.sequences(of: .sequenceNoEOSMask, as: UInt8.self).flatMap(\.self)
        let expected = sequences.map { $0.tokens.count - 1 }
        guard old.map(\.count) == expected, reference.map(\.count) == expected else {
            throw WorkerError(.storage, "log-probabilities do not fit the sequences they belong to")
        }
        guard !sequences.isEmpty else { throw WorkerError(.storage, "a policy batch has no answer") }
        // Compared item by item: equal totals would let one group's rewards pass for another's.
        let single = sequences.groupSizes.map { Array(repeating: 1, count: $0) }
        for key in [SequenceKey.rewards, .sequenceNoEOSMask] where sample.columns[key]?.lengths != single {
            throw WorkerError(.storage, "key '\(key)' does not have one element for each answer of each group")
        }
        advantages = GroupAdvantages.normalised(rewards, groupSizes: sequences.groupSizes)
    }

    func run(on model: WorkerModel) throws -> [Metric] {
        var generator = SeededGenerator(seed: context.seed)
        let parts = MicroBatches.shuffled(
            count: sequences.count, parts: min(interface.miniBatches, sequences.count), using: &generator)
        var sums = Sums()
        for part in parts { try update(part, model, &sums) }
        return statistics(sums, updates: Double(parts.count))
    }

    /// Totals over all answer tokens of the step; norms and rates over its updates.
    fileprivate struct Sums {
        var tokens = 0.0, loss = 0.0, divergence = 0.0, entropy = 0.0, ratio = 0.0, clipped = 0.0, oldDivergence = 0.0
        var gradientNorm = 0.0, learningRate = 0.0
    }

    private func update(_ part: [Int], _ model: WorkerModel, _ sums: inout Sums) throws {
        let weights = part.map { SupervisedLoss.answerWeights(promptMask: sequences[$0].promptMask) }
        let count = max(1, weights.reduce(0) { $0 + $1.reduce(0, +) })
        var gathered = Sums()
        let statistics = try model.train(part.map { sequences[$0].tokens }, context) { indices, outputs in
            var coefficients: [Float] = []
            for (place, index) in indices.enumerated() {
                coefficients += tokenCoefficients(
                    of: part[index], weights: weights[index], new: outputs.logProbabilities[place],
                    entropies: outputs.entropies[place], &gathered
                ).map { $0 / count }
            }
            return coefficients
        }
        sums.add(tokensOf: gathered)
        sums.gradientNorm += statistics.gradientNorm
        sums.learningRate = statistics.learningRate
    }

    /// −dL/dlog p of every predicted token of one sequence; prompt tokens have none.
    private func tokenCoefficients(
        of sequence: Int, weights: [Float], new: ArraySlice<Float>, entropies: ArraySlice<Float>, _ sums: inout Sums
    ) -> [Float] {
        var coefficients: [Float] = []
        coefficients.reserveCapacity(weights.count)
        for (offset, weight) in weights.enumerated() {
            guard weight > 0 else {
                coefficients.append(0)
                continue
            }
            let current = new[new.startIndex + offset]
            let token = interface.policyLoss.token(
                new: current, old: old[sequence][offset], advantage: advantages[sequence])
            let divergence = ReferenceDivergence.token(new: current, reference: reference[sequence][offset])
            coefficients.append(-(token.slope + interface.klWeight * divergence.slope))
            sums.tokens += 1
            sums.loss += Double(token.loss)
            sums.divergence += Double(divergence.value)
            sums.entropy += Double(entropies[entropies.startIndex + offset])
            sums.ratio += Double(token.ratio)
            sums.clipped += token.isClipped ? 1 : 0
            sums.oldDivergence += Double(old[sequence][offset] - current)
        }
        return coefficients
    }

    private func statistics(_ sums: Sums, updates: Double) -> [Metric] {
        let tokens = max(1, sums.tokens), count = Double(max(1, sequences.count))
        let answerTokens = sequences.reduce(0.0) { $0 + Double($1.answer.count) }
        func metric(_ name: String, _ value: Double) -> Metric { Metric("grpo_actor/\(name)", value) }
        return [
            metric("reward", rewards.reduce(0) { $0 + Double($1) } / count),
            metric("actor_loss", (sums.loss + Double(interface.klWeight) * sums.divergence) / tokens),
            metric("approx_kl", sums.oldDivergence / tokens),
            metric("kl_ref", sums.divergence / tokens),
            metric("entropy", sums.entropy / tokens),
            metric("importance_weight", sums.ratio / tokens),
            metric("clip_ratio", sums.clipped / tokens),
            metric("grad_norm", sums.gradientNorm / updates),
            metric("lr", sums.learningRate),
            metric("seq_len", answerTokens / count),
            metric("no_eos_ratio", unfinished.reduce(0) { $0 + Double($1) } / count),
            metric("advantages", advantages.reduce(0) { $0 + Double($1) } / count),
            metric("n_tokens", sequences.reduce(0) { $0 + Double($1.tokens.count) }),
            metric("n_seqs", Double(sequences.count)),
        ]
    }
}

extension GRPOUpdate.Sums {
    fileprivate mutating func add(tokensOf other: GRPOUpdate.Sums) {
        tokens += other.tokens
        loss += other.loss
        divergence += other.divergence
        entropy += other.entropy
        ratio += other.ratio
        clipped += other.clipped
        oldDivergence += other.oldDivergence
    }
}
