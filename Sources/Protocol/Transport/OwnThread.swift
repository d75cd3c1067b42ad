import Glibc
import Synchronization

/// One plain thread with a name, for a loop of calls that block: sockets, SQLite, starting processes. The cooperative
/// pool is not for these. Join it before what it uses goes away.
package final class OwnThread: Sendable {
    private let handle: Mutex<pthread_t?>

    /// Starts `body` at once.
    /// - Parameter name: what `top -H` shows; 15 bytes of it.
    package init(name: String, _ body: @escaping @Sendable () -> Void) throws(TransportError) {
        var thread = pthread_t()
        // SAFETY: the thread takes back the reference that passRetained gives it, exactly once.
        let box = Unmanaged.passRetained(ThreadBody(name: name, run: body))
        let result = pthread_create(&thread, nil, runThreadBody, box.toOpaque())
        guard result == 0 else {
            box.release()
            throw TransportError(.thread, place: name, reason: String(cString: strerror(result)))
        }
        handle = Mutex(thread)
    }

    /// Waits until it has ended; further calls return at once.
    package func join() { if let thread = take() { pthread_join(thread, nil) } }

    /// Lets it end by itself.
    package func detach() { if let thread = take() { pthread_detach(thread) } }

    private func take() -> pthread_t? {
        handle.withLock { handle in
            defer { handle = nil }
            return handle
        }
    }
}

private final class ThreadBody: Sendable {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
        self.name = name
        self.run = run
    }

    /// Gives the calling thread its name; one without a name runs as well.
    func takeName() {
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        let bytes = Array(name.utf8.prefix(15))
        _ = write(file, bytes, bytes.count)
    }
}

// A closure written inline would inherit the caller's isolation and trap on the new thread.
@Sendable nonisolated private func runThreadBody(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    // SAFETY: `argument` is the retained body of `init`; this is the only place that takes it.
    let body = Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue()
    body.takeName()
    body.run()
    return nil
}
