internal import CZeroMQ
import Glibc

/// Lets one thread wake another that waits in `Poller`: an eventfd.
package final class WakeUp: Sendable {
    private let descriptor: Int32

    package init() throws(TransportError) {
        descriptor = transport_eventfd()
        guard descriptor >= 0 else { throw TransportError(.open, reason: String(cString: strerror(errno))) }
    }

    deinit { close(descriptor) }

    /// Makes the descriptor readable; any thread may call it, any number of times.
    package func signal() {
        var one: UInt64 = 1
        // A full counter means that a wake-up is already pending, which is all that matters.
        _ = write(descriptor, &one, 8)
    }

    /// Takes back all signals so far.
    package func drain() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
    }

    package var pollItem: PollItem { .descriptor(descriptor) }
}
