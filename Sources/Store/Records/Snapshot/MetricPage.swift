/// Some points of one series, in step order.
package struct MetricPage: Sendable, Equatable {
    /// Without those of an attempt that a later one has gone back behind.
    package var points: [MetricPoint]
    /// Whether no later point was there.
    package var isLast: Bool
    /// What was damaged and left out, a sentence each.
    package var damage: [String]

    /// A page as a reader answers it.
    package init(points: [MetricPoint], isLast: Bool, damage: [String]) {
        self.points = points
        self.isLast = isLast
        self.damage = damage
    }
}

/// One point of one series.
package struct MetricPoint: Sendable, Equatable {
    /// Trial-wide, from 1.
    package var step: Int
    /// Nanoseconds since the run's start.
    package var time: Int64
    /// Need not be finite.
    package var value: Double

    /// A point as it is stored.
    package init(step: Int, time: Int64, value: Double) {
        self.step = step
        self.time = time
        self.value = value
    }
}
