/// The policy's objective over a micro-batch: PPO's actor loss, and GRPO's where a reference weighs.
///
///     L = Σ mask · (clipped policy loss + κ · k3(reference ‖ new)) / max(1, Σ mask)
///
/// κ = 0 is PPO, which takes the divergence from the rewards instead (`TokenRewards`); Shao et al. 2024,
/// "DeepSeekMath", equation 3 has κ > 0. Log-probabilities belong to the temperature that sampled: logits are divided
/// by it first.
package struct PolicyObjective: Sendable, Equatable {
    package let policyLoss: ClippedPolicyLoss
    /// κ, the weight of the divergence from the reference.
    package let referenceWeight: Double
    package let earlyStop: EarlyStop

    package init(_ policyLoss: ClippedPolicyLoss, referenceWeight: Double = 0, earlyStop: EarlyStop = .never) {
        self.policyLoss = policyLoss
        self.referenceWeight = referenceWeight
        self.earlyStop = earlyStop
    }

    /// What is known of a micro-batch's predicted tokens before it trains, laid end to end; as long as the mask each.
    package struct Tokens: Sendable, Equatable {
        package var mask: [Bool]
        package var advantages: [Float]
        /// Log-probabilities of the policy that sampled.
        package var old: [Float]
        /// Log-probabilities of the policy before this step's updates, for the decoupled loss.
        package var proximal: [Float]?
        /// Log-probabilities of the reference model; required where it weighs, else only measured.
        package var reference: [Float]?
        /// Entropies of the next-token distributions now, to be measured.
        package var entropies: [Float]?

        package init(
            mask: [Bool], advantages: [Float], old: [Float], proximal: [Float]? = nil, reference: [Float]? = nil,
            entropies: [Float]? = nil
        ) {
            self.mask = mask
            self.advantages = advantages
            self.old = old
            self.proximal = proximal
            self.reference = reference
            self.entropies = entropies
        }
    }

    /// The loss of a micro-batch, one coefficient for each predicted token; all 0 where `earlyStop` says so.
    ///
    /// Statistics by token that counts: `actor_loss` (without the divergence), `importance_weight`, `approx_kl`
    /// (new − d), `new_logp`, `old_logp`, `clip_ratio`, `dual_clip_ratio`, and where the input is there `entropy` and
    /// `kl_ref`; by token within the cap `behave_imp_weight`, `behave_approx_kl`; by token that a bound took
    /// `clipped_new_logp`, `clipped_old_logp`, `dual_clipped_new_logp`, `dual_clipped_old_logp`.
    /// - Throws: `WorkerError` where a column has another length than the mask, data that counts is not finite, or a
    ///   reference weighs and is missing.
    package func evaluate(_ logProbabilities: [Float], _ tokens: Tokens) throws(WorkerError) -> MicroBatchLoss {
        guard (tokens.entropies ?? tokens.old).count == tokens.mask.count else {
            throw WorkerError(.request, "the policy loss does not have one entropy for each element of its mask")
        }
        guard referenceWeight == 0 || tokens.reference != nil else {
            throw WorkerError(.plan, "a policy loss with a weight for the reference model got no reference")
        }
        // An absent column stands for itself by one that is there anyway.
        let counted = try CountedElements(
            tokens.mask, of: "the policy loss", outputs: logProbabilities,
            data: [
                "advantage": tokens.advantages, "old log-probability": tokens.old,
                "proximal log-probability": tokens.proximal ?? tokens.old,
                "reference log-probability": tokens.reference ?? tokens.old,
            ])
        var tallies = PolicyTallies()
        var result = counted.mean { index in
            let new = Double(logProbabilities[index])
            let token = token(index, new, tokens)
            tallies.add(token, index, new, tokens, policyLoss)
            guard let reference = tokens.reference else { return .init(loss: token.loss, coefficient: -token.slope) }
            let divergence = ReferenceDivergence.token(new: new, reference: Double(reference[index]))
            tallies.divergence.add(divergence.value)
            guard referenceWeight != 0 else { return .init(loss: token.loss, coefficient: -token.slope) }
            return .init(
                loss: token.loss + referenceWeight * divergence.value,
                coefficient: -(token.slope + referenceWeight * divergence.slope))
        }
        result.statistics = tallies.statistics
        let stops = earlyStop.stops(meanRatio: tallies.ratio.mean, meanDivergence: tallies.moved.mean)
        return stops ? result.stopped() : result
    }

    private func token(_ index: Int, _ new: Double, _ tokens: Tokens) -> ClippedPolicyLoss.Token {
        let old = Double(tokens.old[index]), advantage = Double(tokens.advantages[index])
        guard let proximal = tokens.proximal else {
            return policyLoss.token(new: new, old: old, advantage: advantage)
        }
        return policyLoss.token(new: new, old: old, proximal: Double(proximal[index]), advantage: advantage)
    }
}

/// The tallies of a policy's micro-batch; by name only once, not once a token.
private struct PolicyTallies {
    var loss = Tally(), ratio = Tally(), moved = Tally(), new = Tally(), old = Tally(), entropy = Tally()
    var divergence = Tally(), clipped = Tally(), dualClipped = Tally()
    var behaviourWeight = Tally(), behaviourDivergence = Tally()
    var clippedNew = Tally(), clippedOld = Tally(), dualClippedNew = Tally(), dualClippedOld = Tally()

    mutating func add(
        _ token: ClippedPolicyLoss.Token, _ index: Int, _ new: Double, _ tokens: PolicyObjective.Tokens,
        _ policyLoss: ClippedPolicyLoss
    ) {
        let old = Double(tokens.old[index])
        loss.add(token.loss)
        ratio.add(token.ratio)
        self.new.add(new)
        self.old.add(old)
        clipped.add(token.bound == .clip ? 1 : 0)
        dualClipped.add(token.bound == .dualClip ? 1 : 0)
        if let entropies = tokens.entropies { entropy.add(Double(entropies[index])) }
        if token.bound == .clip {
            clippedNew.add(new)
            clippedOld.add(old)
        } else if token.bound == .dualClip {
            dualClippedNew.add(new)
            dualClippedOld.add(old)
        }
        guard let proximal = tokens.proximal.map({ Double($0[index]) }) else { return moved.add(new - old) }
        moved.add(new - proximal)
        if let weight = policyLoss.behaviourWeight(proximal: proximal, old: old) {
            behaviourWeight.add(weight)
            behaviourDivergence.add(proximal - old)
        }
    }

    var statistics: ObjectiveStatistics {
        var statistics = ObjectiveStatistics()
        let named: KeyValuePairs = [
            "actor_loss": loss, "importance_weight": ratio, "approx_kl": moved, "new_logp": new, "old_logp": old,
            "entropy": entropy, "kl_ref": divergence, "clip_ratio": clipped, "dual_clip_ratio": dualClipped,
            "behave_imp_weight": behaviourWeight, "behave_approx_kl": behaviourDivergence,
            "clipped_new_logp": clippedNew, "clipped_old_logp": clippedOld, "dual_clipped_new_logp": dualClippedNew,
            "dual_clipped_old_logp": dualClippedOld,
        ]
        for (name, tally) in named where tally.count > 0 { statistics[name] = tally }
        return statistics
    }
}
