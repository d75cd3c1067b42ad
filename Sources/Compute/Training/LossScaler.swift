/// How a loss scale moves. Gradients that pass through binary16 vanish below 6e-8, so the loss is multiplied by a scale
/// as large as they bear, and the gradients are divided by it before the update.
package struct LossScalerOptions: Sendable, Equatable, Codable {
    /// When overflows lower the scale.
    package enum Backoff: Sendable, Equatable, Codable {
        /// After this many overflows without a good update between them (`decr_every_n`); then counted anew.
        case consecutive(Int)
        /// The first overflows are forgiven, this one and every later one not, until the scale next grows.
        case hysteresis(Int)
    }

    package var initialScale: Float
    package var growthFactor: Float
    /// Good updates in a row after which the scale grows.
    package var growthInterval: Int
    package var backoffFactor: Float
    package var backoff: Backoff
    /// The floor. An overflow there is an alarm: the non-finite policy then decides.
    package var minimumScale: Float
    /// Growth ends here.
    package var maximumScale: Float

    /// `scale_loss` 32768, doubled after 1000 good updates, halved after `decr_every_n` 2 bad ones, where not told.
    package init(
        initialScale: Float = 32_768, growthFactor: Float = 2, growthInterval: Int = 1000, backoffFactor: Float = 0.5,
        backoff: Backoff = .consecutive(2), minimumScale: Float = 1, maximumScale: Float = 0x1p32
    ) {
        self.initialScale = initialScale
        self.growthFactor = growthFactor
        self.growthInterval = growthInterval
        self.backoffFactor = backoffFactor
        self.backoff = backoff
        self.minimumScale = minimumScale
        self.maximumScale = maximumScale
    }
}

/// A dynamic loss scale as a state machine: told of every update, it says what the next loss is multiplied by.
package struct LossScaler: Sendable, Equatable {
    package let options: LossScalerOptions
    package private(set) var state: State

    /// What a checkpoint keeps.
    package struct State: Sendable, Equatable {
        package var scale: Float
        /// Good updates since the last growth or overflow.
        package var good: Int
        /// Overflows counted towards the next backoff.
        package var bad: Int

        package init(scale: Float, good: Int, bad: Int) {
            self.scale = scale
            self.good = good
            self.bad = bad
        }
    }

    package init(options: LossScalerOptions) {
        self.options = options
        state = State(scale: options.initialScale, good: 0, bad: 0)
    }

    /// A scaler that goes on where another stood.
    package init(options: LossScalerOptions, restoring state: State) {
        self.options = options
        self.state = state
    }

    package var scale: Float { state.scale }

    /// What an overflow means.
    package enum Overflow: Sendable, Equatable {
        /// The scale was too high; it is lower now, or will be after more of them.
        case expected
        /// The scale cannot go lower: the gradients themselves are not finite.
        case atFloor
    }

    /// An update whose gradients were finite.
    package mutating func recordGood() {
        if case .consecutive = options.backoff { state.bad = 0 }
        state.good += 1
        guard state.good >= options.growthInterval else { return }
        state.good = 0
        state.bad = 0
        state.scale = min(state.scale * options.growthFactor, max(options.maximumScale, state.scale))
    }

    /// An update whose gradients were not.
    package mutating func recordOverflow() -> Overflow {
        let isAtFloor = state.scale <= options.minimumScale
        state.good = 0
        state.bad += 1
        switch options.backoff {
        case .consecutive(let limit):
            guard state.bad >= limit else { break }
            state.bad = 0
            lower()
        case .hysteresis(let limit):
            // Not counted on: the forgiveness is used up until the scale grows.
            state.bad = min(state.bad, limit)
            if state.bad == limit { lower() }
        }
        return isAtFloor ? .atFloor : .expected
    }

    private mutating func lower() {
        state.scale = max(state.scale * options.backoffFactor, min(options.minimumScale, state.scale))
    }
}

extension LossScaler.State {
    private static let keys = ["loss_scale", "loss_scale_good", "loss_scale_bad"]

    /// The state as the words of a checkpoint; the scale's text reads back as the same float.
    package var values: [String: String] {
        [Self.keys[0]: "\(scale)", Self.keys[1]: "\(good)", Self.keys[2]: "\(bad)"]
    }

    /// Reads what `values` wrote; nil where it is absent or not a state.
    package init?(values: [String: String]) {
        guard let scale = values[Self.keys[0]].flatMap({ Float($0) }), scale.isFinite, scale > 0,
            let good = values[Self.keys[1]].flatMap({ Int($0) }), good >= 0,
            let bad = values[Self.keys[2]].flatMap({ Int($0) }), bad >= 0
        else { return nil }
        self.init(scale: scale, good: good, bad: bad)
    }
}
