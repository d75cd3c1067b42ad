internal import CKernels

/// Dropout at one place of a model. The mask is a function of the pass's seed, the place, the row and the column, so it
/// is made again in the backward pass and does not depend on how a batch is split.
struct Dropout {
    let rate: Float
    /// Numbers the places of a model.
    let place: Int

    /// Whether this pass drops anything here.
    func isActive(_ pass: Pass) -> Bool { rate > 0 && pass.dropoutSeed != nil }

    /// What masks at this place are made of.
    func seed(_ pass: Pass) -> UInt64 { (pass.dropoutSeed ?? 0) &+ UInt64(place) &* 0xD134_2543_DE82_EF95 }

    /// `out` = `residual` + dropout(`x`) over the chunk's rows; `out` may be either. Also its own derivative.
    func apply(
        _ x: FloatPointer, adding residual: FloatPointer? = nil, chunk: BatchChunk, width: Int,
        to out: MutableFloatPointer, _ pass: Pass
    ) {
        let seed = seed(pass)
        pass.pool.parallelFor(count: chunk.rows, minimum: 32) { rows, _ in
            let first = rows.lowerBound * width
            kernels_dropout(
                x + first, residual.map { $0 + first }, seed, chunk.start + rows.lowerBound, rows.count, width, rate,
                out + first)
        }
    }
}
