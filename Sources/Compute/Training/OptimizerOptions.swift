/// How weights are updated: the rule, its rate over time, decay, clipping, and what becomes of a broken update.
package struct OptimizerOptions: Sendable, Equatable, Codable {
    package var kind: OptimizerKind
    package var schedule: LearningRateSchedule
    package var weightDecay: Float
    /// Parts of names whose parameters are not decayed, besides those the model's table excludes.
    package var decayExclusions: [String]
    /// Largest norm of all gradients together; longer ones are scaled down to it. Infinite: no clipping.
    package var clipNorm: Float
    /// Loss scaling; needed where gradients pass through binary16, nil elsewhere.
    package var lossScaling: LossScalerOptions?
    package var nonFinitePolicy: NonFinitePolicy

    package init(
        kind: OptimizerKind, schedule: LearningRateSchedule, weightDecay: Float = 0.05,
        decayExclusions: [String] = OptimizerOptions.usualDecayExclusions, clipNorm: Float = 1.0,
        lossScaling: LossScalerOptions? = nil, nonFinitePolicy: NonFinitePolicy = .skip(consecutiveLimit: nil)
    ) {
        self.kind = kind
        self.schedule = schedule
        self.weightDecay = weightDecay
        self.decayExclusions = decayExclusions
        self.clipNorm = clipNorm
        self.lossScaling = lossScaling
        self.nonFinitePolicy = nonFinitePolicy
    }

    /// AdamW with a schedule of whole numbers.
    package init(
        learningRate: Float, beta1: Float = 0.9, beta2: Float = 0.95, epsilon: Float = 1e-5, weightDecay: Float = 0.05,
        clipNorm: Float = 1.0, schedule: ScheduleKind = .constant, warmupSteps: Int = 0, totalSteps: Int = 0,
        minimumRatio: Float = 0
    ) {
        self.init(
            kind: .adamW(AdamOptions(beta1: beta1, beta2: beta2, epsilon: epsilon)),
            schedule: LearningRateSchedule(
                kind: schedule, peak: learningRate, warmupSteps: warmupSteps, totalSteps: totalSteps,
                minimumRatio: minimumRatio),
            weightDecay: weightDecay, clipNorm: clipNorm)
    }

    /// Biases and norms, by name.
    package static let usualDecayExclusions = ["bias", "norm"]

    /// Whether a parameter is decayed.
    func decays(_ parameter: Parameter) -> Bool {
        parameter.isDecayed && !decayExclusions.contains { parameter.name.contains($0) }
    }
}
