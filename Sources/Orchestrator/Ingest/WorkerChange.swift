package import Protocol

/// A worker as a screen shows it after something about it changed.
package struct WorkerChange: Sendable, Equatable {
    package var worker: WorkerID
    package var state: WorkerState
    package var detail: String = ""
    package var mfc: String = ""
    package var step: Int = 0
    package var pid: Int32 = 0
    package var restarts: Int = 0
    package var weightVersion: Int = 0
    /// Nanoseconds since the worker was last heard of, where that is what changed: the record is of that moment.
    package var silence: Int64 = 0
}
