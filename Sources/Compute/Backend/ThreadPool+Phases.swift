internal import CKernels

extension ThreadPool {
    /// Runs a program of phases on all lanes; each goes through the same phases, see `Phases.run`.
    ///
    /// A lane has the same part of a matrix every time and finds it in its core's cache, and going from phase to phase
    /// costs a fraction of handing out work anew. A lane that the system put aside loses its parts to the others.
    package func runPhases(_ program: (_ phases: Phases) -> Void) {
        guard threads > 1 else {
            program(Phases(lane: 0, lanes: 1, pool: pool))
            return
        }
        withoutActuallyEscaping(program) { program in
            var context = Program(body: program, lanes: threads, pool: pool)
            withUnsafeMutablePointer(to: &context) { pointer in
                // SAFETY: the call returns after the last lane, so no thread sees `context` beyond this scope.
                kernels_pool_run_program(pool, runProgram, pointer)
            }
        }
    }
}

/// A lane's way through a program of phases. Plain values, so that lanes share no reference count.
package struct Phases {
    /// Number of the lane that runs the program: use it to index scratch memory.
    package let lane: Int
    /// Lanes of the pool, and parts of each phase.
    package let lanes: Int
    // SAFETY: the pool runs the program in which this value lives.
    fileprivate let pool: OpaquePointer

    /// Calls `body` with this lane's part, and with the part of a lane that does not come; returns when all parts are
    /// done, and what was written in them can be read.
    ///
    /// In the program's last phase only the caller's lane waits for the others: it would have to wait for those that
    /// wait for it, too.
    package func run(isLast: Bool = false, _ body: (_ part: Int) -> Void) {
        guard lanes > 1 else {
            body(0)
            return
        }
        let phase = kernels_pool_next_phase(pool, lane)
        if kernels_pool_take(pool, lane, phase) {
            body(lane)
            kernels_pool_end(pool, lane, phase)
        }
        if isLast, lane != 0 { return }
        for part in 0..<lanes where !kernels_pool_await(pool, part, phase) {
            body(part)
            kernels_pool_end(pool, part, phase)
        }
    }
}

private struct Program {
    let body: (Phases) -> Void
    let lanes: Int
    let pool: OpaquePointer
}

@Sendable
private nonisolated func runProgram(context: UnsafeMutableRawPointer?, lane: Int) {
    // SAFETY: context is the `Program` that the running `runPhases` keeps alive.
    guard let program = context?.assumingMemoryBound(to: Program.self).pointee else { return }
    program.body(Phases(lane: lane, lanes: program.lanes, pool: program.pool))
}
