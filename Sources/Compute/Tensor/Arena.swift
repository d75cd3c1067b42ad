internal import Glibc

/// One aligned block of floats, zero at first: all weights of a model, all gradients, or one plan's activations.
///
/// Ranges of an arena are what checkpoints, publishing and optimizers work on. Its memory is released with it, so a
/// pointer from `base` must not outlive the last reference.
package final class Arena {
    /// Floats in the arena.
    package let count: Int
    /// First float, aligned to 64 bytes.
    // SAFETY: allocated in init, freed in deinit, never reassigned.
    package let base: UnsafeMutablePointer<Float>

    /// - Throws: `.outOfResources` when the system refuses the memory.
    package init(count: Int) throws(ComputeError) {
        precondition(count >= 0, "An arena holds zero or more floats.")
        let bytes = max(count, 16) * MemoryLayout<Float>.stride
        let isLarge = bytes >= Arena.hugePage
        var memory: UnsafeMutableRawPointer?
        guard posix_memalign(&memory, isLarge ? Arena.hugePage : 64, bytes) == 0, let memory else {
            throw ComputeError(
                .outOfResources, summary: "Cannot allocate \(bytes >> 20) MiB for the compute core.",
                detail: "The system refused the memory.", hint: "Use a smaller model, batch or micro-batch.")
        }
        if isLarge {
            // Only advice: a kernel without huge pages answers with an error that changes nothing.
            _ = madvise(memory, bytes, MADV_HUGEPAGE)
        }
        memset(memory, 0, bytes)
        self.count = count
        base = memory.bindMemory(to: Float.self, capacity: max(count, 16))
    }

    deinit {
        free(base)
    }

    /// The floats as a buffer, valid while the arena lives.
    package var floats: UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: base, count: count)
    }

    /// Sets every float to zero.
    package func clear() {
        memset(base, 0, count * MemoryLayout<Float>.stride)
    }

    private static let hugePage = 2 << 20
}
