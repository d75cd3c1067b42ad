internal import Glibc

/// How the learning rate goes on after the warm-up, for schedules that a word describes.
package enum ScheduleKind: String, Sendable, Codable {
    case constant
    case linear
    case cosine
}

/// The learning rate of each update, counted from 1.
///
/// Linear warm-up to `peak` over `warmup` updates, then by shape. No shape jumps at the end of the warm-up. Computed in
/// Double and rounded once.
package struct LearningRateSchedule: Sendable, Equatable, Codable {
    /// How the rate goes on after the warm-up.
    package enum Shape: Sendable, Equatable, Codable {
        /// Stays at the peak.
        case constant
        /// Falls in a straight line to `minimum` at update `end`, where it stays.
        case linear(end: Int, minimum: Float)
        /// Falls along half a cosine to `minimum` at update `end`, where it stays.
        case cosine(end: Int, minimum: Float)
        /// Multiplied by `factor` behind each of the `milestones`, given as numbers of updates.
        case steps(milestones: [Int], factor: Float)
    }

    /// The rate at the end of the warm-up.
    package var peak: Float
    /// Updates of linear warm-up, not always whole: a share of all updates need not be.
    package var warmup: Double
    package var shape: Shape

    package init(peak: Float, warmup: Double, shape: Shape) {
        self.peak = peak
        self.warmup = warmup
        self.shape = shape
    }

    /// The rate of update number `update`, the first being 1.
    package func rate(ofUpdate update: Int) -> Float {
        let number = Double(update), peak = Double(peak)
        if number < warmup { return Float(peak * number / warmup) }
        switch shape {
        case .constant:
            return self.peak
        case .linear(let end, let minimum):
            return Float(Double(minimum) + (peak - Double(minimum)) * (1 - progress(of: number, end: end)))
        case .cosine(let end, let minimum):
            let share = 0.5 * (1 + cos(Double.pi * progress(of: number, end: end)))
            return Float(Double(minimum) + (peak - Double(minimum)) * share)
        case .steps(let milestones, let factor):
            return Float(peak * pow(Double(factor), Double(milestones.count { $0 < update })))
        }
    }

    /// 0 at the end of the warm-up, 1 from update `end` on.
    private func progress(of number: Double, end: Int) -> Double {
        guard number < Double(end) else { return 1 }
        return (number - warmup) / (Double(end) - warmup)
    }
}

extension LearningRateSchedule {
    /// Constant, linear or cosine over `totalSteps`, down to `minimumRatio * peak`.
    package init(kind: ScheduleKind, peak: Float, warmupSteps: Int, totalSteps: Int, minimumRatio: Float) {
        let minimum = peak * minimumRatio
        let shape: Shape =
            switch kind {
            case .constant: .constant
            case .linear: .linear(end: totalSteps, minimum: minimum)
            case .cosine: .cosine(end: totalSteps, minimum: minimum)
            }
        self.init(peak: peak, warmup: Double(warmupSteps), shape: shape)
    }
}
