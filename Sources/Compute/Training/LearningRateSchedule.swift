internal import Glibc

/// How the learning rate goes on after the warm-up.
package enum ScheduleKind: String, Sendable, Codable {
    case constant
    case linear
    case cosine
}

/// The learning rate of each update, counted from 1.
///
/// Linear warm-up to `peak` over `warmupSteps`, then by kind down to `minimumRatio * peak` at `totalSteps`, where it
/// stays. The linear decay starts from the peak at the end of the warm-up, without a jump.
package struct LearningRateSchedule: Sendable, Equatable {
    package let kind: ScheduleKind
    package let peak: Float
    package let warmupSteps: Int
    package let totalSteps: Int
    package let minimumRatio: Float

    package init(kind: ScheduleKind, peak: Float, warmupSteps: Int, totalSteps: Int, minimumRatio: Float) {
        self.kind = kind
        self.peak = peak
        self.warmupSteps = warmupSteps
        self.totalSteps = totalSteps
        self.minimumRatio = minimumRatio
    }

    /// The rate of update number `update`, the first being 1.
    package func rate(ofUpdate update: Int) -> Float {
        if update < warmupSteps { return peak * Float(update) / Float(warmupSteps) }
        switch kind {
        case .constant: return peak
        case .linear: return minimum + (peak - minimum) * (1 - progress(of: update))
        case .cosine: return minimum + (peak - minimum) * 0.5 * (1 + cosf(Float.pi * progress(of: update)))
        }
    }

    private var minimum: Float { peak * minimumRatio }

    /// 0 at the end of the warm-up, 1 from `totalSteps` on.
    private func progress(of update: Int) -> Float {
        guard update < totalSteps else { return 1 }
        return Float(update - warmupSteps) / Float(totalSteps - warmupSteps)
    }
}
