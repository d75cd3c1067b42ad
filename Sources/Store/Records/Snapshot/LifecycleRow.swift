package import Protocol

/// One thing that happened to the trial, or its coming into a status.
package struct LifecycleRow: Sendable, Equatable {
    /// Nanoseconds since the run's start.
    package var time: Int64
    /// `LifecycleKind.rawValue`, or the status that the trial came into.
    package var kind: String
    /// Whom it is about; empty for the trial.
    package var worker: String
    /// In words; the first line is the cause. May be empty.
    package var detail: String

    /// A row as it is stored.
    package init(time: Int64, kind: String, worker: String, detail: String) {
        self.time = time
        self.kind = kind
        self.worker = worker
        self.detail = detail
    }

    /// The kind as a word of the program; nil for a change of status, and for what another version wrote.
    package var event: LifecycleKind? { LifecycleKind(stored: kind) }
}
