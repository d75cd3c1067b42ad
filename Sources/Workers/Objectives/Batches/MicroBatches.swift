package import Protocol

/// Cutting a batch into parts for one pass.
package enum MicroBatches {
    /// Indices of `lengths` in groups: at least `minimumGroups`, none above `capacity` tokens, balanced by number.
    ///
    /// Longest first; a new group opens while there are too few groups or where not even the lightest has room; else
    /// the item goes to the group with the fewest items among those with room, the lightest first of equals. Each
    /// group's indices are sorted, and so are the groups.
    /// - Throws: `WorkerError` where one item is above the capacity or there are fewer items than groups.
    package static func firstFitDecreasing(
        _ lengths: [Int], capacity: Int, minimumGroups: Int
    ) throws -> [[Int]] {
        if let longest = lengths.max(), longest > capacity {
            throw WorkerError(.plan, "a sequence of \(longest) tokens is above the micro-batch limit of \(capacity)")
        }
        guard lengths.count >= minimumGroups else {
            throw WorkerError(.plan, "\(lengths.count) sequences cannot be cut into \(minimumGroups) micro-batches")
        }
        var groups: [(tokens: Int, items: [Int])] = []
        let order = lengths.indices.sorted { (lengths[$1], $0) < (lengths[$0], $1) }
        for item in order {
            let length = lengths[item]
            let fitting = groups.indices.filter { groups[$0].tokens + length <= capacity }
            let best = fitting.min {
                (groups[$0].items.count, groups[$0].tokens, $0) < (groups[$1].items.count, groups[$1].tokens, $1)
            }
            if groups.count >= minimumGroups, let best {
                groups[best].tokens += length
                groups[best].items.append(item)
            } else {
                groups.append((length, [item]))
            }
        }
        return groups.map { $0.items.sorted() }.sorted { $0[0] < $1[0] }
    }

    /// The groups that `spec` asks for.
    package static func split(_ lengths: [Int], by spec: MicroBatchSpec) throws -> [[Int]] {
        guard !lengths.isEmpty else { return [] }
        return try firstFitDecreasing(
            lengths, capacity: spec.maximumTokens ?? .max / 2, minimumGroups: min(spec.minimumCount, lengths.count))
    }

    /// `count` indices, shuffled and cut into `parts` whose sizes differ by at most one; the first are the larger.
    package static func shuffled(
        count: Int, parts: Int, using generator: inout some RandomNumberGenerator
    ) -> [[Int]] {
        let order = Array(0..<count).shuffled(using: &generator)
        let size = count / parts, larger = count % parts
        var start = 0
        return (0..<parts).map { part in
            let end = start + size + (part < larger ? 1 : 0)
            defer { start = end }
            return Array(order[start..<end])
        }
    }
}
