internal import CKernels

/// What a processor's multiply-add units give at most: the limit that matrix products are measured against.
package enum MachineLimit {
    /// Floating-point operations a second of all threads of a pool together, two for a multiply-add; takes about a
    /// quarter of a second. The best of several tries, since a disturbed one says nothing about the units.
    package static func operationsPerSecond(of pool: ThreadPool) -> Double {
        let chunks = 8 * pool.threads
        var sinks = [Float](repeating: 0, count: chunks)
        var operations = [Double](repeating: 0, count: chunks)
        var best = 0.0
        for _ in 0..<tries {
            let elapsed = ContinuousClock().measure {
                sinks.withUnsafeMutableBufferPointer { sinks in
                    operations.withUnsafeMutableBufferPointer { operations in
                        pool.parallelFor(count: chunks, grain: 1) { range, _ in
                            for chunk in range {
                                // SAFETY: every chunk is one thread's, and so are its two elements.
                                operations[chunk] = kernels_multiply_add_chains(roundsPerChunk, &sinks[chunk])
                            }
                        }
                    }
                }
            }
            best = max(best, operations.reduce(0, +) / (elapsed / .seconds(1)))
        }
        return best
    }

    /// The kernel variant that this thread uses, as tables name it.
    package static var kernelVariant: String {
        switch Int(kernels_selected()) {
        case KERNELS_AVX512: "avx512"
        case KERNELS_AVX2: "avx2"
        default: "baseline"
        }
    }

    private static let tries = 12
    /// About a millisecond of AVX-512 work.
    private static let roundsPerChunk = 200_000
}
