internal import CKernels

/// Token embedding, with the learned position embedding added where the family has one.
struct Embedding {
    let tokens: Parameter
    let positions: Parameter?
    private let width: Int

    init(tokens: Parameter, positions: Parameter?) {
        self.tokens = tokens
        self.positions = positions
        width = tokens.shape[1]
    }

    /// Overwrites `x` with one row a token.
    func forward(_ chunk: BatchChunk, to x: MutableFloatPointer, _ pass: Pass) {
        pass.pool.parallelFor(count: chunk.rows, minimum: 128) { rows, _ in
            kernels_embed(
                chunk.tokens + rows.lowerBound, chunk.positions + rows.lowerBound, pass.weights + tokens.offset,
                positions.map { pass.weights + $0.offset }, rows.count, width, x + rows.lowerBound * width)
        }
    }

    /// Adds to the gradients of both tables. Split by columns, so each sum runs in token order.
    func backward(_ chunk: BatchChunk, _ dx: FloatPointer, gradients: MutableFloatPointer, _ pass: Pass) {
        guard tokens.isTrained else { return }
        let share = max(32, (width + pass.pool.threads - 1) / pass.pool.threads)
        pass.pool.parallelFor(count: width, grain: (share + 15) / 16 * 16) { columns, _ in
            kernels_embed_backward(
                chunk.tokens, chunk.positions, dx, chunk.rows, width, columns.lowerBound, columns.upperBound,
                gradients + tokens.offset, positions.map { gradients + $0.offset })
        }
    }
}
