import Glibc
import Synchronization

/// A thread of its own for a loop that waits in ZeroMQ; blocking calls must not sit on the cooperative pool.
package final class WorkerThread: Sendable {
    private let handle: Mutex<pthread_t?>

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts `body`; `join` must be called before what it uses goes away.
    package init(_ body: @escaping @Sendable () -> Void) throws {
        // SAFETY: the thread takes back the reference that passRetained gave it, exactly once.
        let context = Unmanaged.passRetained(Body(body))
        var thread = pthread_t()
        let status = pthread_create(&thread, nil, threadMain, context.toOpaque())
        guard status == 0 else {
            context.release()
            throw WorkerError(.system, "a thread could not be started: \(String(cString: strerror(status)))")
        }
        handle = Mutex(thread)
    }

    /// Waits until the thread has ended; further calls return at once.
    package func join() {
        let thread = handle.withLock { handle in
            defer { handle = nil }
            return handle
        }
        if let thread { pthread_join(thread, nil) }
    }

    fileprivate static func run(_ context: UnsafeMutableRawPointer) {
        // SAFETY: `context` is the retained Body of `init`; this is the only place that takes it.
        Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
    }
}

@Sendable
private nonisolated func threadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { WorkerThread.run(context) }
    return nil
}
