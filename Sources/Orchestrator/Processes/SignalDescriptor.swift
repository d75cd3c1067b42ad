internal import CProcess
import Glibc
package import Protocol

/// Signals of this process as something to poll. Make it before any other thread starts: threads inherit the mask.
package final class SignalDescriptor {
    /// What asks a trial to stop: a terminal's, a supervisor's, and those that schedulers can send some time before their
    /// limit (`--signal=USR1@120` of Slurm).
    package static let stops = [SIGINT, SIGTERM, SIGUSR1, SIGUSR2]

    private let descriptor: Int32

    package init(_ signals: [Int32]) throws(TransportError) {
        descriptor = cprocess_signal_descriptor(signals, signals.count)
        guard descriptor >= 0 else {
            throw TransportError(.open, place: "signalfd", reason: String(cString: strerror(-descriptor)))
        }
    }

    deinit { close(descriptor) }

    package var pollItem: PollItem { .descriptor(descriptor) }

    /// The next signal that has arrived; nil when none has.
    package func next() -> Int32? {
        let number = cprocess_next_signal(descriptor)
        return number > 0 ? number : nil
    }
}
