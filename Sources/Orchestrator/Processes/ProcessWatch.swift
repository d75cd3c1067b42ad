internal import CProcess
import Glibc
package import Protocol

/// Watches a process that is nobody's child here: an orchestrator, seen from a command.
package final class ProcessWatch {
    private let descriptor: Int32

    /// nil when there is no such process.
    package init?(pid: Int32) {
        descriptor = cprocess_open(pid)
        if descriptor < 0 { return nil }
    }

    deinit { close(descriptor) }

    package var pollItem: PollItem { .descriptor(descriptor) }

    /// Whether it ends within `patience`.
    package func waitForEnd(_ patience: Duration) throws(TransportError) -> Bool {
        let deadline = ContinuousClock.now + patience
        repeat {
            let left = deadline - ContinuousClock.now
            if try Poller.wait([pollItem], timeout: max(.zero, left))[0] { return true }
        } while ContinuousClock.now < deadline
        return false
    }
}
