internal import CZeroMQ
import Glibc

/// One thing that can become readable: a socket or a file descriptor.
package struct PollItem {
    // SAFETY: only handed to zmq_poll on the thread that owns the socket, while the socket lives.
    let socket: UnsafeMutableRawPointer?
    let descriptor: Int32

    init(socket: UnsafeMutableRawPointer?, descriptor: Int32) {
        self.socket = socket
        self.descriptor = descriptor
    }

    /// A pidfd, eventfd, signalfd or terminal.
    package static func descriptor(_ descriptor: Int32) -> PollItem { PollItem(socket: nil, descriptor: descriptor) }
}

/// Waits for sockets and descriptors together, so that a loop never has to nap.
package enum Poller {
    /// Which of `items` can be read without blocking. All false when the time is up or a signal came first.
    /// - Parameter timeout: nil waits until something happens.
    package static func wait(_ items: [PollItem], timeout: Duration?) throws(TransportError) -> [Bool] {
        var raw = items.map { item in
            zmq_pollitem_t(socket: item.socket, fd: item.descriptor, events: Int16(ZMQ_POLLIN), revents: 0)
        }
        let result = zmq_poll(&raw, Int32(raw.count), milliseconds(timeout))
        if result < 0, zmq_errno() != EINTR { throw TransportError(.poll, reason: lastZeroMQError()) }
        if result <= 0 { return items.map { _ in false } }
        return raw.map { $0.revents != 0 }
    }

    /// Rounded up, so that a timer that is due in a fraction of a millisecond is not polled for in a loop.
    private static func milliseconds(_ timeout: Duration?) -> Int {
        guard let timeout else { return -1 }
        // A deadline so far away that its milliseconds overflow is waited for in parts: callers poll again anyway.
        let (seconds, attoseconds) = min(timeout, .seconds(86_400)).components
        guard seconds >= 0 else { return 0 }
        return max(0, Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }
}
