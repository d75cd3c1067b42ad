/// The weight of leaving the reference model: fixed, or steered towards a target divergence (Ziegler et al. 2019,
/// "Fine-Tuning Language Models from Human Preferences", section 2.2).
///
///     κ ← κ · (1 + clip(kl / target − 1, ±0.2) · n / horizon)
package struct KLController: Sendable, Equatable {
    /// κ.
    package private(set) var value: Double
    /// nil keeps the value.
    package let adaptation: Adaptation?

    package struct Adaptation: Sendable, Equatable {
        /// The divergence to hold, above 0.
        package let target: Double
        /// Sequences in which a full error of 0.2 would change the weight by 0.2 of it.
        package let horizon: Double

        package init(target: Double = 6, horizon: Double = 10_000) {
            self.target = target
            self.horizon = horizon
        }
    }

    package init(_ value: Double, adaptation: Adaptation? = nil) {
        self.value = value
        self.adaptation = adaptation
    }

    /// Takes in the mean divergence of a micro-batch of `sequences` sequences.
    /// - Throws: `WorkerError` where the divergence is not finite; the value is as before.
    package mutating func update(divergence: Double, sequences: Int) throws(WorkerError) {
        guard let adaptation else { return }
        guard divergence.isFinite else {
            throw WorkerError(.request, "the divergence from the reference model is \(divergence)")
        }
        let error = min(max(divergence / adaptation.target - 1, -0.2), 0.2)
        value *= 1 + error * Double(sequences) / adaptation.horizon
    }
}
