internal import CProcess
import Glibc
package import Protocol

/// One plain thread for blocking calls, kept off the cooperative pool. Join it before what it uses goes away.
package final class OwnThread {
    private let handle: pthread_t

    /// Starts `body` at once.
    package init(name: String, _ body: @escaping @Sendable () -> Void) throws(TransportError) {
        var thread = pthread_t()
        let box = Unmanaged.passRetained(ThreadBody(name: name, run: body))
        let result = pthread_create(&thread, nil, runThreadBody, box.toOpaque())
        guard result == 0 else {
            box.release()
            throw TransportError(.open, place: "thread '\(name)'", reason: String(cString: strerror(result)))
        }
        handle = thread
    }

    package func join() { pthread_join(handle, nil) }
}

private final class ThreadBody: Sendable {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
        self.name = name
        self.run = run
    }
}

// A closure written inline would inherit the caller's isolation and trap on the new thread.
@Sendable nonisolated private func runThreadBody(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    let body = Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue()
    cprocess_name_thread(body.name)
    body.run()
    return nil
}
