/// Group-normalised advantages: Shao et al. 2024, "DeepSeekMath", section 4.1.2 (outcome supervision).
package enum GroupAdvantages {
    /// (r − mean) / (std + 10⁻⁵) within each group of answers to one prompt; std is the population's. One for each
    /// answer, whose every token has it.
    ///
    /// A group whose rewards are all equal teaches nothing: its advantages are exactly 0. So are those of a group with
    /// a reward that is not finite.
    package static func normalised(_ rewards: [Float], groupSizes: [Int]) -> [Float] {
        AdvantageNormalization.groups(groupSizes).flatMap { group in
            AdvantageNormalization.standardScores(rewards[group].map(Double.init)).map(Float.init)
        }
    }

    /// Best-of-k: the `count` best answers of each group, as indices into all answers, in order.
    ///
    /// Of equal scores the longer answer is the better one, then the earlier. A smaller group stays whole.
    package static func best(_ count: Int, scores: [Float], lengths: [Int], groupSizes: [Int]) -> [Int] {
        AdvantageNormalization.groups(groupSizes).flatMap { group in
            let ranked = group.sorted { (scores[$1], lengths[$1], $0) < (scores[$0], lengths[$0], $1) }
            return ranked.prefix(count).sorted()
        }
    }
}
