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
    /// The whole mapping of a large arena; nil for one of malloc's.
    private let mapping: UnsafeMutableRawBufferPointer?

    /// - Throws: `.outOfResources` when the system refuses the memory.
    package init(count: Int) throws(ComputeError) {
        precondition(count >= 0, "An arena holds zero or more floats.")
        let bytes = max(count, 16) * MemoryLayout<Float>.stride
        mapping = bytes < Arena.hugePage ? nil : Arena.map(bytes + Arena.hugePage)
        guard let memory = bytes < Arena.hugePage ? Arena.allocate(bytes) : mapping.flatMap(Arena.start) else {
            throw ComputeError(
                .outOfResources, summary: "Cannot allocate \(bytes >> 20) MiB for the compute core.",
                detail: "The system refused the memory.", hint: "Use a smaller model, batch or micro-batch.")
        }
        self.count = count
        base = memory.bindMemory(to: Float.self, capacity: max(count, 16))
    }

    deinit {
        if let mapping { munmap(mapping.baseAddress, mapping.count) } else { free(base) }
    }

    /// The floats as a buffer, valid while the arena lives.
    package var floats: UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: base, count: count)
    }

    /// Sets every float to zero.
    package func clear() {
        memset(base, 0, count * MemoryLayout<Float>.stride)
    }

    private static func allocate(_ bytes: Int) -> UnsafeMutableRawPointer? {
        var memory: UnsafeMutableRawPointer?
        guard posix_memalign(&memory, 64, bytes) == 0, let memory else { return nil }
        memset(memory, 0, bytes)
        return memory
    }

    /// Zero pages from the system, which take no memory until they are written: gradients and moments of weights that
    /// are not trained cost nothing.
    private static func map(_ bytes: Int) -> UnsafeMutableRawBufferPointer? {
        let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else { return nil }
        return UnsafeMutableRawBufferPointer(start: memory, count: bytes)
    }

    /// The first whole huge page of a mapping.
    private static func start(of mapping: UnsafeMutableRawBufferPointer) -> UnsafeMutableRawPointer? {
        guard let first = mapping.baseAddress else { return nil }
        let start = first.alignedUp(toMultipleOf: hugePage)
        // Only advice: a kernel without huge pages answers with an error that changes nothing.
        _ = madvise(start, mapping.count - hugePage, MADV_HUGEPAGE)
        return start
    }

    private static let hugePage = 2 << 20
}
