package import Protocol

/// What an execution knows beside its data.
package struct CallContext: Sendable {
    /// Trial-wide step.
    package let step: UInt64
    /// Belongs to this call at this step alone, so that a resumed trial draws the same numbers.
    package let seed: UInt64
    package let microBatches: MicroBatchSpec
    /// Called as work goes on, so that a long call is not taken for a stalled one.
    package let progress: @Sendable () -> Void

    package init(
        step: UInt64, seed: UInt64, microBatches: MicroBatchSpec = MicroBatchSpec(),
        progress: @escaping @Sendable () -> Void = {}
    ) {
        self.step = step
        self.seed = seed
        self.microBatches = microBatches
        self.progress = progress
    }
}
