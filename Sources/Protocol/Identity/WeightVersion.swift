/// How many updates a model has had: which weights something was made with.
///
/// A step may hold several updates (`n_minibatches`), so this is no number of a step.
package struct WeightVersion: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Updates.
    package let count: UInt64

    package init(_ count: UInt64) { self.count = count }

    /// The version one update later.
    package var next: WeightVersion { WeightVersion(count &+ 1) }
    package var description: String { "\(count)" }

    package static func < (left: WeightVersion, right: WeightVersion) -> Bool { left.count < right.count }
}

extension WeightVersion: ExpressibleByIntegerLiteral {
    package init(integerLiteral count: UInt64) { self.init(count) }
}
