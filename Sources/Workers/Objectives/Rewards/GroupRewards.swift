/// How far the rewards of one prompt's answers lie apart: a group whose rewards are all equal teaches nothing.
package struct GroupRewards: Sendable, Equatable {
    /// The standard deviation inside a group (divided by n), averaged over groups; 0 where there is none.
    package let meanDeviation: Double
    /// The share of groups whose rewards are all equal; a group of one counts.
    package let shareOfEqual: Double

    /// - Parameter groupSizes: how many of `rewards`, in order, belong to each prompt.
    package init(_ rewards: [Float], groupSizes: [Int]) {
        var deviations = 0.0, equal = 0, start = 0
        for size in groupSizes {
            let group = rewards[start..<start + size].map(Double.init)
            start += size
            guard let first = group.first else { continue }
            let mean = group.reduce(0, +) / Double(group.count)
            let variance = group.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(group.count)
            let isEqual = group.allSatisfy { $0 == first }
            deviations += isEqual ? 0 : variance.squareRoot()
            if isEqual { equal += 1 }
        }
        let count = Double(max(1, groupSizes.count))
        meanDeviation = deviations / count
        shareOfEqual = Double(equal) / count
    }
}
