internal import CKernels

/// Turns queries and keys by their positions, in place, in rows q | k | v.
struct Rotary {
    /// Query and key heads, which are neighbours.
    let heads: Int
    let headWidth: Int
    /// Floats of a row.
    let rowWidth: Int

    enum Direction: Float {
        case forward = 1
        /// For gradients: the inverse turn.
        case backward = -1
    }

    func apply(_ direction: Direction, _ chunk: BatchChunk, to x: MutableFloatPointer, _ pass: Pass) {
        guard let table = pass.rotary else { return }
        pass.pool.parallelFor(count: chunk.rows, minimum: 32) { rows, _ in
            kernels_rotate(
                x + rows.lowerBound * rowWidth, rowWidth, chunk.positions + rows.lowerBound, table, rows.count, heads,
                headWidth, direction.rawValue)
        }
    }
}
