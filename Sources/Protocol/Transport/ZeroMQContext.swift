internal import CZeroMQ

/// One ZeroMQ context: its I/O thread serves every socket opened in it.
///
/// Sockets must be closed before `terminate`, which else waits for them; they linger 0 ms unless told otherwise.
// SAFETY: zmq_ctx_t is thread-safe by ZeroMQ's contract, and the pointer itself never changes.
package final class ZeroMQContext: @unchecked Sendable {
    let raw: UnsafeMutableRawPointer

    package init() {
        guard let context = zmq_ctx_new() else {
            preconditionFailure("zmq_ctx_new fails only when memory is exhausted")
        }
        raw = context
    }

    /// Makes every blocking call in this context return; sockets still have to be closed by their owners.
    package func shutdown() { zmq_ctx_shutdown(raw) }

    deinit { zmq_ctx_term(raw) }
}

/// The text of the last ZeroMQ error on this thread.
func lastZeroMQError() -> String { String(cString: zmq_strerror(zmq_errno())) }
