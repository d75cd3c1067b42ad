/// What one optimizer update did.
package struct UpdateStatistics: Sendable, Equatable {
    /// Norm of all gradients before clipping, without the loss scale.
    package var gradientNorm: Float
    /// The rate the update used, or would have used.
    package var learningRate: Float
    /// What the loss was multiplied by during the backward pass; 1 without loss scaling.
    package var lossScale: Float
    /// Why nothing was changed; nil for an update that was applied.
    package var skip: SkipReason?

    package init(gradientNorm: Float, learningRate: Float, lossScale: Float = 1, skip: SkipReason? = nil) {
        self.gradientNorm = gradientNorm
        self.learningRate = learningRate
        self.lossScale = lossScale
        self.skip = skip
    }

    /// False when weights, moments and the update count are as before.
    package var isApplied: Bool { skip == nil }
}

/// Whether every number that entered the loss was finite.
package enum LossState: Sendable, Equatable {
    case finite
    case notFinite

    /// Looks at the floats' exponents, without a branch, so that the loop is vectorised.
    mutating func check(_ values: some Sequence<Float>) {
        let exponent: UInt32 = 0x7F80_0000
        var highest: UInt32 = 0
        for value in values { highest = max(highest, value.bitPattern & exponent) }
        if highest == exponent { self = .notFinite }
    }
}
