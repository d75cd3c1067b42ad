/// How weights are updated: AdamW, its schedule, and gradient clipping.
package struct OptimizerOptions: Sendable, Equatable, Codable {
    /// The rate at the end of the warm-up.
    package var learningRate: Float
    package var beta1: Float
    package var beta2: Float
    package var epsilon: Float
    /// Decoupled; biases and norms are never decayed.
    package var weightDecay: Float
    /// Largest norm of all gradients together; longer ones are scaled down to it.
    package var clipNorm: Float
    package var schedule: ScheduleKind
    package var warmupSteps: Int
    /// Updates after which a decaying schedule has reached its minimum.
    package var totalSteps: Int
    /// The schedule's minimum as a share of `learningRate`.
    package var minimumRatio: Float

    package init(
        learningRate: Float, beta1: Float = 0.9, beta2: Float = 0.95, epsilon: Float = 1e-5, weightDecay: Float = 0.05,
        clipNorm: Float = 1.0, schedule: ScheduleKind = .constant, warmupSteps: Int = 0, totalSteps: Int = 0,
        minimumRatio: Float = 0
    ) {
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        self.clipNorm = clipNorm
        self.schedule = schedule
        self.warmupSteps = warmupSteps
        self.totalSteps = totalSteps
        self.minimumRatio = minimumRatio
    }

    /// The schedule these options describe.
    package var learningRateSchedule: LearningRateSchedule {
        LearningRateSchedule(
            kind: schedule, peak: learningRate, warmupSteps: warmupSteps, totalSteps: totalSteps,
            minimumRatio: minimumRatio)
    }
}
