import Glibc

/// A plain thread for a test that needs a peer; join it before the test ends.
package final class TestThread {
    private var handle = pthread_t()

    /// Starts `body` at once.
    package init(_ body: @escaping @Sendable () -> Void) throws {
        let box = Unmanaged.passRetained(Body(run: body))
        let result = pthread_create(&handle, nil, runBody, box.toOpaque())
        if result != 0 {
            box.release()
            throw ThreadFailure(code: result)
        }
    }

    package func join() { pthread_join(handle, nil) }

    private struct ThreadFailure: Error {
        let code: Int32
    }
}

private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(run: @escaping @Sendable () -> Void) { self.run = run }
}

// A closure written inline would inherit the caller's actor and trap on the new thread.
@Sendable nonisolated private func runBody(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
    return nil
}
