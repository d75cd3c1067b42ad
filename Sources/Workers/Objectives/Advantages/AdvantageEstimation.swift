/// From sampled answers and their scores to what a policy and a critic train on: rewards by token, advantages and
/// returns, normalised (Ziegler et al. 2019, "Fine-Tuning Language Models from Human Preferences", section 2.2).
///
/// PPO has values. GRPO without a critic (`disable_value`) has none, which is the same with values of 0.
package struct AdvantageEstimation: Sendable, Equatable {
    package let rewards: TokenRewards
    package let advantages: GeneralizedAdvantages
    package let normalization: AdvantageNormalization
    package let unfinished: UnfinishedAnswer

    package init(
        rewards: TokenRewards, advantages: GeneralizedAdvantages = .init(),
        normalization: AdvantageNormalization = .batch, unfinished: UnfinishedAnswer = .trains
    ) {
        self.rewards = rewards
        self.advantages = advantages
        self.normalization = normalization
        self.unfinished = unfinished
    }

    /// One sampled sequence of n tokens.
    package struct Sequence: Sendable, Equatable {
        /// 1 a prompt token; n entries.
        package var promptMask: [UInt8]
        /// log p while sampling, of the n − 1 predicted tokens.
        package var old: [Float]
        /// log p of the reference model, n − 1; not read where the KL coefficient is 0.
        package var reference: [Float]
        package var score: TokenRewards.Score
        /// The critic's n values, on the scale of rewards; nil without a critic.
        package var values: [Float]?
        /// Whether the answer was cut off before its end-of-sequence (`seq_no_eos_mask`).
        package var isUnfinished: Bool

        package init(
            promptMask: [UInt8], old: [Float], reference: [Float], score: TokenRewards.Score, values: [Float]? = nil,
            isUnfinished: Bool
        ) {
            self.promptMask = promptMask
            self.old = old
            self.reference = reference
            self.score = score
            self.values = values
            self.isUnfinished = isUnfinished
        }
    }

    /// By sequence, of each its n − 1 predicted tokens.
    package struct Estimate: Sendable, Equatable {
        /// The tokens that train.
        package var masks: [[Bool]] = []
        /// The share of the rewards that stands for leaving the reference model.
        package var klRewards: [[Float]] = []
        package var rewards: [[Float]] = []
        /// 0 on tokens that do not train.
        package var advantages: [[Float]] = []
        /// What the critic learns; not normalised.
        package var returns: [[Float]] = []
    }

    /// `groupSizes` says how many of the sequences answer each prompt.
    /// - Throws: `WorkerError` with the sequence's number where its parts do not fit together, or a score, value or
    ///   log-probability that counts is not finite.
    package func estimate(_ sequences: [Sequence], groupSizes: [Int]) throws(WorkerError) -> Estimate {
        var estimate = Estimate(), raw: [[Float]] = []
        for (index, sequence) in sequences.enumerated() {
            do throws(WorkerError) {
                raw.append(try append(sequence, to: &estimate))
            } catch {
                throw WorkerError(error.code, "sequence \(index) of the rollout: \(error.summary)", hint: error.hint)
            }
        }
        estimate.advantages = normalization.normalized(raw, masks: estimate.masks, groupSizes: groupSizes)
        return estimate
    }

    /// Adds all but the advantages, which it returns as they are before normalisation.
    private func append(_ sequence: Sequence, to estimate: inout Estimate) throws(WorkerError) -> [Float] {
        let mask = LossMask.answer(
            promptMask: sequence.promptMask, isUnfinished: sequence.isUnfinished, unfinished)
        let (kl, total) = try rewards.evaluate(sequence, mask: mask)
        let (raw, returns) = try advantages.estimate(
            rewards: total, values: sequence.values ?? sequence.promptMask.map { _ in 0 },
            isUnfinished: sequence.isUnfinished)
        for token in mask.indices where mask[token] && !(raw[token].isFinite && returns[token].isFinite) {
            throw WorkerError(
                .request, "the rewards and values from token \(token) on give the return \(returns[token])")
        }
        estimate.masks.append(mask)
        estimate.klRewards.append(kl)
        estimate.rewards.append(total)
        estimate.returns.append(returns)
        return raw
    }
}
