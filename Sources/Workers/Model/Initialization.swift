/// How a model begins a setup.
package struct Initialization: Sendable, Equatable {
    /// Where its first weights come from.
    package enum Weights: Sendable, Equatable {
        /// Random ones, or none for a rule.
        case random
        /// Those of a folder, without moments and counters.
        case loaded(from: String)
        /// Everything of a checkpoint: the model goes on where it was made.
        case recovered(from: String)
    }

    /// Updates of the whole setup, for the schedule of the learning rate.
    package let totalUpdates: Int
    package let weights: Weights

    package init(totalUpdates: Int = 0, weights: Weights = .random) {
        self.totalUpdates = totalUpdates
        self.weights = weights
    }
}
