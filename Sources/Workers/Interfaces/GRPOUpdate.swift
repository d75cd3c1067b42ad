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

    /// The weight of the reference where it is steered, between two steps.
    private struct ReferenceWeight: InterfaceState {
        static let name = "reference_weight"
        var value: Double
    }

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
        let initial = interface.referenceWeight
        var weight = KLController(
            try model.state(or: ReferenceWeight(value: initial.value)).value, adaptation: initial.adaptation)
        let objective = PolicyObjective(interface.policyLoss, referenceWeight: weight.value)
        var totals = Totals()
        for part in parts { try update(part, objective, model, &totals) }
        let divergence = samplingDivergence
        var found = metrics(totals, divergence, weight.value, updates: Double(parts.count))
        if weight.adaptation != nil {
            found.append(Metric("grpo_actor/kl_ctl", weight.value))
            try weight.update(divergence: divergence, sequences: sequences.count)
            try model.keep(ReferenceWeight(value: weight.value))
        }
        return found
    }

    /// Statistics over all answer tokens of the step; norms and rates over its updates.
    private struct Totals {
        var statistics = ObjectiveStatistics()
        var gradientNorm = 0.0, learningRate = 0.0
    }

    private func update(
        _ part: [Int], _ objective: PolicyObjective, _ model: WorkerModel, _ totals: inout Totals
    ) throws {
        let masks = part.map { LossMask.answer(promptMask: sequences[$0].promptMask) }
        let weights = masks.map { Double($0.count(where: \.self)) }
        let update = try model.train(
            part.map { sequences[$0].tokens }, weights: weights, context, temperature: interface.temperature
        ) { indices, outputs in
            let members = indices.map { part[$0] }
            return try objective.evaluate(
                Array(outputs.logProbabilities.joined()),
                PolicyObjective.Tokens(
                    mask: indices.flatMap { masks[$0] },
                    advantages: members.flatMap { Array(repeating: advantages[$0], count: old[$0].count) },
                    old: members.flatMap { old[$0] }, reference: members.flatMap { reference[$0] },
                    entropies: Array(outputs.entropies.joined())))
        }
        totals.statistics.merge(update.statistics)
        totals.gradientNorm += update.gradientNorm
        totals.learningRate = update.learningRate
    }

    /// The mean divergence from the reference over the answers' tokens, of the policy that sampled them: it does not
    /// depend on the updates of this step, nor on their number.
    private var samplingDivergence: Double {
        var tally = Tally()
        for (index, sequence) in sequences.enumerated() {
            for (place, counts) in LossMask.answer(promptMask: sequence.promptMask).enumerated() where counts {
                tally.add(
                    ReferenceDivergence.token(
                        new: Double(old[index][place]), reference: Double(reference[index][place])
                    ).value)
            }
        }
        return tally.mean
    }

    private func metrics(
        _ totals: Totals, _ divergence: Double, _ referenceWeight: Double, updates: Double
    ) -> [Metric] {
        let count = Double(sequences.count), statistics = totals.statistics
        let answerTokens = sequences.reduce(0.0) { $0 + Double($1.answer.count) }
        func metric(_ name: String, _ value: Double) -> Metric { Metric("grpo_actor/\(name)", value) }
        let groups = GroupRewards(rewards, groupSizes: sequences.groupSizes)
        let loss = statistics["actor_loss"].mean + referenceWeight * statistics["kl_ref"].mean
        return [
            metric("reward", rewards.reduce(0) { $0 + Double($1) } / count),
            metric("reward_std", groups.meanDeviation),
            metric("equal_reward_groups", groups.shareOfEqual),
            metric("actor_loss", loss),
            // Of the sampling policy to the present one, so that a policy that moved shows as a positive number.
            metric("approx_kl", -statistics["approx_kl"].mean),
            metric("kl_ref", divergence),
            metric("entropy", statistics["entropy"].mean),
            metric("importance_weight", statistics["importance_weight"].mean),
            metric("clip_ratio", statistics["clip_ratio"].mean + statistics["dual_clip_ratio"].mean),
            metric("grad_norm", totals.gradientNorm / updates),
            metric("lr", totals.learningRate),
            metric("seq_len", answerTokens / count),
            metric("no_eos_ratio", unfinished.reduce(0) { $0 + Double($1) } / count),
            metric("advantages", advantages.reduce(0) { $0 + Double($1) } / count),
            metric("n_tokens", sequences.reduce(0) { $0 + Double($1.tokens.count) }),
            metric("n_seqs", count),
        ]
    }
}
