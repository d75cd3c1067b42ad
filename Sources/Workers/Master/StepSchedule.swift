package import Protocol

/// What a step does beside its calls.
package struct StepFlags: Sendable, Equatable {
    package let evaluates: Bool
    package let saves: Bool

    package init(evaluates: Bool, saves: Bool) {
        self.evaluates = evaluates
        self.saves = saves
    }
}

/// The steps of one setup on the trial-wide axis, and when each evaluates and saves.
///
/// Everything follows from the step number, so a resumed trial does at every step what it would have done.
package struct StepSchedule: Sendable {
    /// Trial-wide numbers of the setup's steps.
    package let steps: ClosedRange<Int>
    private var evaluation: FrequencyControl
    private var checkpoint: FrequencyControl
    private let evaluates: Bool
    private var next: Int

    /// - Parameters:
    ///   - before: the trial-wide number of the last step before the setup.
    ///   - done: the last step that is done; not below `before`.
    package init(_ setup: SetupPlan, before: Int, done: Int) {
        steps = before + 1...before + max(1, setup.steps)
        evaluates = setup.evaluation != nil
        evaluation = FrequencyControl(steps: setup.evaluation.map { max(1, $0.everySteps) })
        checkpoint = FrequencyControl(steps: max(1, setup.checkpointEverySteps))
        next = before + 1
        while next <= done { _ = advance() }
    }

    /// The next step to run; nil when the setup is done.
    package var upcoming: Int? { next <= steps.upperBound ? next : nil }

    /// Goes to the next step and says what it does beside training.
    package mutating func advance() -> StepFlags {
        let isLast = next == steps.upperBound
        let evaluatesNow = evaluation.advance(time: 0), savesNow = checkpoint.advance(time: 0)
        next += 1
        return StepFlags(
            evaluates: evaluates && (evaluatesNow || isLast), saves: savesNow || isLast)
    }

    /// Whether a setup is evaluated as it begins: it is, unless it is resumed in its middle or the setup before has
    /// just evaluated the same rows at its last step.
    package static func evaluatesInitially(_ plan: TrialPlan, setup index: Int, done: Int) -> Bool {
        guard let evaluation = plan.setups[index].evaluation, done == plan.stepsBefore(setup: index) else {
            return false
        }
        guard index > 0, let previous = plan.setups[index - 1].evaluation else { return true }
        return previous.model.role != evaluation.model.role || previous.dataset != evaluation.dataset
            || previous.rows != evaluation.rows
    }
}
