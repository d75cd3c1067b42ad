package import Protocol

/// One named number, as it appears in the store.
package struct Metric: Sendable, Equatable {
    package let name: String
    package let value: Double

    package init(_ name: String, _ value: Double) {
        self.name = name
        self.value = value
    }

    /// One of the numbers that screens look for.
    package init(_ name: MetricName, _ value: Double) { self.init(name.rawValue, value) }
}
