/// What came of a request to save the newest whole step.
package enum SaveOutcome: Sendable, Equatable {
    /// On disk up to this step; 0: nothing was trained yet.
    case saved(step: UInt64)
    case failed(String)
}
