/// How advantages are brought to mean 0 and deviation 1 before they train: (A − mean) / (std + 10⁻⁵), the population's
/// deviation, in double precision, over the tokens that count.
package enum AdvantageNormalization: String, Sendable, Equatable, CaseIterable {
    case none
    /// Over all sequences together (`adv_norm`): Andrychowicz et al. 2021, "What Matters In On-Policy RL?".
    case batch
    /// Over the answers to one prompt (`group_adv_norm`).
    case group

    /// Advantages of sequences, of each its predicted tokens; `groupSizes` says how many sequences each prompt has.
    ///
    /// Tokens that do not count have the advantage 0. A batch or group whose advantages are all equal gets exactly 0.
    package func normalized(_ advantages: [[Float]], masks: [[Bool]], groupSizes: [Int]) -> [[Float]] {
        switch self {
        case .none: zip(advantages, masks).map { zip($0, $1).map { $1 ? $0 : 0 } }
        case .batch: Self.normalized(advantages[...], masks[...])
        case .group:
            Self.groups(groupSizes).flatMap { Self.normalized(advantages[$0], masks[$0]) }
        }
    }

    private static func normalized(_ advantages: ArraySlice<[Float]>, _ masks: ArraySlice<[Bool]>) -> [[Float]] {
        let counted = zip(advantages, masks).flatMap { zip($0, $1).lazy.filter { $0.1 }.map { Double($0.0) } }
        var scores = standardScores(counted).makeIterator()
        return masks.map { $0.map { $0 ? Float(scores.next() ?? 0) : 0 } }
    }

    /// The indices of each group's members.
    static func groups(_ sizes: [Int]) -> [Range<Int>] {
        var start = 0
        return sizes.map { size in
            defer { start += size }
            return start..<start + size
        }
    }

    /// (x − mean) / (std + 10⁻⁵); exactly 0 where all are equal, and where the deviation is no number.
    static func standardScores(_ values: [Double]) -> [Double] {
        let count = Double(max(1, values.count))
        let mean = values.reduce(0, +) / count
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        guard variance > 0, let first = values.first, values.contains(where: { $0 != first }) else {
            return values.map { _ in 0 }
        }
        return values.map { ($0 - mean) / (variance.squareRoot() + 1e-5) }
    }
}
