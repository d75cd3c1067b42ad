internal import CKernels

/// Where the time of all lanes went, as shares that sum to 1.
package struct TimeShares: Sendable, Equatable, Encodable {
    /// Matrix products with their fused epilogues, and packing.
    package let matrix: Double
    package let attention: Double
    /// Norms, embeddings, softmax, sums over lanes.
    package let elements: Double
    /// Update and gradient norm.
    package let optimizer: Double
    /// Lanes that had nothing to do: waiting for others, or while the caller works alone.
    package let idle: Double
    /// The rest: unmarked kernels, and code between kernels.
    package let other: Double

    /// Runs `body`, which may use `threads` lanes, and says where its time went.
    ///
    /// It counts the kernels of every thread of the process; nil where somebody else is measuring.
    package static func measure(threads: Int, _ body: () throws -> Void) rethrows -> TimeShares? {
        guard kernels_profile_start() else {
            try body()
            return nil
        }
        do {
            try body()
        } catch {
            _ = stop(threads: threads)
            throw error
        }
        return stop(threads: threads)
    }

    private static func stop(threads: Int) -> TimeShares {
        var seconds = [Double](repeating: 0, count: Int(KERNELS_TIME_CATEGORIES))
        let wall = kernels_profile_stop(&seconds)
        func of(_ category: Int) -> Double { seconds[category] }
        return TimeShares(
            wall: wall, threads: threads, matrix: of(KERNELS_TIME_MATRIX), attention: of(KERNELS_TIME_ATTENTION),
            elements: of(KERNELS_TIME_ELEMENTS), optimizer: of(KERNELS_TIME_OPTIMIZER),
            lanes: of(KERNELS_TIME_LANES) - of(KERNELS_TIME_PHASES), calls: of(KERNELS_TIME_CALLS))
    }

    /// Shares of `threads` lanes over `wall` seconds. `lanes` is the time inside bodies of the pool, all lanes together and
    /// waiting left out, and `calls` the caller's time inside it: while the caller is outside, all other lanes are idle.
    init(
        wall: Double, threads: Int, matrix: Double, attention: Double, elements: Double, optimizer: Double,
        lanes: Double, calls: Double
    ) {
        let whole = max(Double(threads) * wall, .leastNonzeroMagnitude)
        let alone = max(0, wall - calls)
        let idle = threads == 1 ? 0 : max(0, whole - lanes - alone)
        self.matrix = matrix / whole
        self.attention = attention / whole
        self.elements = elements / whole
        self.optimizer = optimizer / whole
        self.idle = idle / whole
        other = max(0, 1 - (matrix + attention + elements + optimizer + idle) / whole)
    }
}
