import Compute
import Protocol

/// The report of any error a worker can meet, as its master and the trial's user read it.
package func errorReport(_ error: any Error) -> String {
    guard let error = error as? ComputeError else { return describe(error) }
    return [error.summary, error.detail, error.hint.isEmpty ? "" : "hint: \(error.hint)"]
        .filter { !$0.isEmpty }.joined(separator: "\n")
}
