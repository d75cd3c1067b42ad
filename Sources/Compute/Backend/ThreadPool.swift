internal import CKernels

/// Persistent threads that split one range at a time; the calling thread works too.
///
/// Workers spin for some microseconds after a range, then sleep. A pool is used by one thread at a time and belongs to
/// the thread that made it; it joins its threads when released.
package final class ThreadPool {
    /// Threads that share a range, the caller included.
    package let threads: Int
    let pool: OpaquePointer
    private static let mostThreads = 4096

    /// Starts `threads - 1` workers.
    /// - Throws: `.outOfResources` when the system refuses a thread or `threads` is not in 1...4096.
    package init(threads: Int) throws(ComputeError) {
        guard 1...ThreadPool.mostThreads ~= threads, let pool = kernels_pool_create(threads) else {
            throw ComputeError(
                .outOfResources, summary: "Cannot start a pool of \(threads) compute threads.",
                detail: "The system refused to start a thread, or the number is not in 1 to \(ThreadPool.mostThreads).",
                hint: "Ask for fewer threads.")
        }
        self.threads = threads
        self.pool = pool
    }

    deinit {
        kernels_pool_destroy(pool)
    }

    /// Calls `body(chunk, lane)` until `0..<count` is covered, in chunks of `grain` claimed by whoever is free.
    ///
    /// `lane` is in `0..<threads` and is held by one thread at a time: use it to index scratch memory. Which lane gets
    /// which chunk varies from run to run, so a result must not depend on it.
    package func parallelFor(count: Int, grain: Int, body: (Range<Int>, Int) -> Void) {
        guard threads > 1, count > grain else {
            if count > 0 { body(0..<count, 0) }
            return
        }
        withoutActuallyEscaping(body) { body in
            var chunk = Chunk(body: body)
            withUnsafeMutablePointer(to: &chunk) { pointer in
                // SAFETY: the call returns after the last chunk, so no thread sees `chunk` beyond this scope.
                kernels_pool_run(pool, count, max(grain, 1), runChunk, pointer)
            }
        }
    }

    /// Like `parallelFor(count:grain:body:)` with chunks sized so that every thread gets about four, at least `minimum`
    /// items each.
    package func parallelFor(count: Int, minimum: Int, body: (Range<Int>, Int) -> Void) {
        let share = (count + 4 * threads - 1) / (4 * threads)
        parallelFor(count: count, grain: max(minimum, share), body: body)
    }
}

private struct Chunk {
    let body: (Range<Int>, Int) -> Void
}

@Sendable
private nonisolated func runChunk(context: UnsafeMutableRawPointer?, begin: Int, end: Int, lane: Int) {
    // SAFETY: context is the `Chunk` that the running `parallelFor` keeps alive.
    context?.assumingMemoryBound(to: Chunk.self).pointee.body(begin..<end, lane)
}
