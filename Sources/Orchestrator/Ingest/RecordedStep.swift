import Synchronization

/// The last step whose metrics the store holds: told by the thread that commits, read by the one that supervises.
package final class RecordedStep: Sendable {
    private let step = Atomic(0)

    package init() {}

    package var value: Int { step.load(ordering: .acquiring) }

    /// More has been committed.
    package func reached(_ step: Int) { self.step.max(step, ordering: .releasing) }

    /// An attempt begins after this step; what came after it is no longer part of the run.
    package func rewind(to step: Int) { self.step.store(step, ordering: .releasing) }
}
