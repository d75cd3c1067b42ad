/// Count, sum and extremes of one quantity; tallies of parts add up to that of the whole.
package struct Tally: Sendable, Equatable {
    package private(set) var count = 0
    package private(set) var sum = 0.0
    /// Infinite where nothing was counted.
    package private(set) var minimum = Double.infinity
    /// Minus infinity where nothing was counted.
    package private(set) var maximum = -Double.infinity

    package init() {}

    /// 0 where nothing was counted.
    package var mean: Double { count == 0 ? 0 : sum / Double(count) }

    package mutating func add(_ value: Double) {
        count += 1
        sum += value
        minimum = min(minimum, value)
        maximum = max(maximum, value)
    }

    package mutating func merge(_ other: Tally) {
        count += other.count
        sum += other.sum
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
    }
}

/// The tallies of one objective by name, to be merged over micro-batches and mini-batches.
package struct ObjectiveStatistics: Sendable, Equatable {
    private var tallies: [String: Tally] = [:]

    package init() {}

    /// An empty tally where the name is not known.
    package subscript(name: String) -> Tally {
        get { tallies[name] ?? Tally() }
        set { tallies[name] = newValue }
    }

    package mutating func merge(_ other: ObjectiveStatistics) {
        for (name, tally) in other.tallies { self[name].merge(tally) }
    }

    /// `prefix/name/avg`, `/min` and `/max` of every tally, in the order of names; empty ones vanish.
    package func metrics(prefix: String) -> [Metric] {
        tallies.sorted { $0.key < $1.key }.filter { $0.value.count > 0 }.flatMap { name, tally in
            [
                Metric("\(prefix)/\(name)/avg", tally.mean), Metric("\(prefix)/\(name)/min", tally.minimum),
                Metric("\(prefix)/\(name)/max", tally.maximum),
            ]
        }
    }
}
