/// The reward of every token: the score, less what leaving the reference model costs (Ziegler et al. 2019,
/// "Fine-Tuning Language Models from Human Preferences", equation 2).
///
///     r_t = −κ · (old_t − ref_t) + [t is the last] · clip(score, ±limit)
///
/// With dense scores instead, r_t takes clip(score_{t+1}) − clip(score_t), or clip(score_{t+1}) alone.
package struct TokenRewards: Sendable, Equatable {
    /// κ, as the KL controller has it now; 0 needs no reference.
    package let klWeight: Double
    /// Scores count within ± this (`max_reward_clip`).
    package let limit: Double
    package let unfinished: UnfinishedScore
    package let dense: DenseScores

    /// What the score of an answer without its end-of-sequence counts.
    package enum UnfinishedScore: Sendable, Equatable {
        case counts
        /// Nothing (`mask_no_eos_with_zero`).
        case isZero
    }

    /// What a token gets of dense scores.
    package enum DenseScores: Sendable, Equatable {
        /// How much the score rose with it (`reward_delta`).
        case difference
        case value
    }

    /// How good an answer is.
    package enum Score: Sendable, Equatable {
        case final(Float)
        /// One for each of the sequence's n tokens.
        case dense([Float])
    }

    package init(
        klWeight: Double, limit: Double = 20, unfinished: UnfinishedScore = .counts, dense: DenseScores = .difference
    ) {
        self.klWeight = klWeight
        self.limit = limit
        self.unfinished = unfinished
        self.dense = dense
    }

    /// The n − 1 rewards of one sequence, and the part of them that stands for the divergence; the latter only where
    /// the mask is on.
    /// - Throws: `WorkerError` where the parts of the sequence differ in length or what counts is not finite.
    func evaluate(
        _ sequence: AdvantageEstimation.Sequence, mask: [Bool]
    ) throws(WorkerError) -> (kl: [Float], total: [Float]) {
        let divergence = try divergenceRewards(sequence, mask)
        var total = divergence
        guard !mask.isEmpty else { return ([], []) }
        switch sequence.score {
        case .final(let score):
            let counts = !sequence.isUnfinished || unfinished == .counts
            total[mask.count - 1] += counts ? try clipped(score) : 0
        case .dense(let scores):
            guard scores.count == mask.count + 1 else {
                throw WorkerError(.request, "\(scores.count) dense scores for \(mask.count + 1) tokens")
            }
            for token in mask.indices {
                let base = dense == .difference ? try clipped(scores[token]) : 0
                total[token] += try clipped(scores[token + 1]) - base
            }
        }
        return (divergence.map(Float.init), total.map(Float.init))
    }

    private func divergenceRewards(
        _ sequence: AdvantageEstimation.Sequence, _ mask: [Bool]
    ) throws(WorkerError) -> [Double] {
        guard klWeight != 0 else { return mask.map { _ in 0 } }
        guard sequence.old.count == mask.count, sequence.reference.count == mask.count else {
            throw WorkerError(
                .request,
                "\(sequence.old.count) old and \(sequence.reference.count) reference log-probabilities for "
                    + "\(mask.count) predicted tokens")
        }
        return mask.indices.map { token in
            guard mask[token] else { return 0 }
            return -klWeight * (Double(sequence.old[token]) - Double(sequence.reference[token]))
        }
    }

    private func clipped(_ score: Float) throws(WorkerError) -> Double {
        guard score.isFinite else { throw WorkerError(.request, "the score is \(score)") }
        return min(max(Double(score), -limit), limit)
    }
}
