import Glibc

/// A thread for calls that block: SQLite, sockets, starting processes. The cooperative pool is not for these.
struct DashboardThread: @unchecked Sendable {
    // SAFETY: a pthread_t is a number; it is joined at most once, by the owner.
    private let handle: pthread_t

    /// Starts a thread that runs `body` to its end.
    static func start(_ body: @escaping @Sendable () -> Void) -> DashboardThread? {
        var handle = pthread_t()
        let box = Unmanaged.passRetained(ThreadBody(body))
        guard pthread_create(&handle, nil, runThreadBody, box.toOpaque()) == 0 else {
            box.release()
            return nil
        }
        return DashboardThread(handle: handle)
    }

    /// Waits for its end.
    func join() { pthread_join(handle, nil) }

    /// Lets it end by itself.
    func detach() { pthread_detach(handle) }
}

private final class ThreadBody: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

// A closure made on the main actor would trap here: C calls it from a thread that is not the actor's.
@Sendable private func runThreadBody(_ raw: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let raw else { return nil }
    // SAFETY: `start` retained the box for exactly this one release.
    Unmanaged<ThreadBody>.fromOpaque(raw).takeRetainedValue().body()
    return nil
}
