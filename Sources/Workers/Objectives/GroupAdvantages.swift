/// Group-normalised advantages: Shao et al. 2024, "DeepSeekMath", section 4.1.2 (outcome supervision).
package enum GroupAdvantages {
    /// (r − mean) / (std + 10⁻⁵) within each group of answers to one prompt; std is the population's.
    ///
    /// A group whose rewards are all equal teaches nothing: its advantages are exactly 0.
    package static func normalised(_ rewards: [Float], groupSizes: [Int]) -> [Float] {
        var advantages: [Float] = [], start = 0
        advantages.reserveCapacity(rewards.count)
        for size in groupSizes {
            let group = rewards[start..<start + size].map(Double.init)
            start += size
            let mean = group.reduce(0, +) / Double(max(1, size))
            let variance = group.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, size))
            guard variance > 0 else {
                advantages += group.map { _ in 0 }
                continue
            }
            advantages += group.map { Float(($0 - mean) / (variance.squareRoot() + 1e-5)) }
        }
        return advantages
    }
}
