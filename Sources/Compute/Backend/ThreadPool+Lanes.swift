internal import CKernels

extension ThreadPool {
    /// The most parts `parallelByLane` takes.
    package static var mostParts: Int { 64 }

    /// Calls `body(part, lane)` once for every part in `0..<parts`, each lane taking the part of its own number if it is
    /// still there.
    ///
    /// A loop that gives part `i` the same share of a matrix every time finds it in that core's cache. A lane that the
    /// system put aside loses its part to another, so nothing waits for it.
    package func parallelByLane(parts: Int, body: (_ part: Int, _ lane: Int) -> Void) {
        precondition(parts <= ThreadPool.mostParts, "A lane's part is one of at most 64.")
        guard threads > 1, parts > 1 else {
            for part in 0..<parts { body(part, 0) }
            return
        }
        withoutActuallyEscaping(body) { body in
            var parts = Parts(count: parts, body: body)
            withUnsafeMutablePointer(to: &parts) { pointer in
                // SAFETY: the call returns after the last part, so no thread sees `parts` beyond this scope.
                kernels_pool_run_by_lane(pool, pointer.pointee.count, runPart, pointer)
            }
        }
    }
}

private struct Parts {
    let count: Int
    let body: (Int, Int) -> Void
}

@Sendable
private nonisolated func runPart(context: UnsafeMutableRawPointer?, begin: Int, end: Int, lane: Int) {
    // SAFETY: context is the `Parts` that the running `parallelByLane` keeps alive.
    context?.assumingMemoryBound(to: Parts.self).pointee.body(begin, lane)
}
