internal import CKernels

/// The adapter of one linear layer: A `[rank, in]` and B `[out, rank]`.
///
/// The forward pass, the gradient of the input and generation use weights packed as W + scale * B A, so that an adapter
/// costs them nothing; only A's and B's own gradients are extra work.
struct LowRankAdapter {
    let down: Parameter
    let up: Parameter
    let scale: Float
    private let downMatrix: PackedMatrix
    private let upMatrix: PackedMatrix

    init(down: Parameter, up: Parameter, scale: Float, packed: inout PackedLayout) {
        self.down = down
        self.up = up
        self.scale = scale
        let (rank, inputs, outputs) = (down.shape[0], down.shape[1], up.shape[0])
        downMatrix = PackedMatrix(
            k: inputs, n: rank, source: down.offset, rowStride: 1, columnStride: inputs, layout: &packed)
        upMatrix = PackedMatrix(
            k: outputs, n: rank, source: up.offset, rowStride: rank, columnStride: 1, layout: &packed)
    }

    private var rank: Int { down.shape[0] }
    private var inputs: Int { down.shape[1] }
    private var outputs: Int { up.shape[0] }

    func packForBackward(_ pass: Pass) {
        downMatrix.pack(pass)
        upMatrix.pack(pass)
    }

    /// B A as rows of inputs and columns of outputs: what is added to the matrix of a forward pass.
    func forwardSum(_ weights: FloatPointer) -> LowRankSum {
        LowRankSum(
            left: weights + down.offset, leftRow: 1, leftColumn: inputs, right: weights + up.offset, rightRow: 1,
            rightColumn: rank, rank: rank, scale: scale)
    }

    /// B A as rows of outputs and columns of inputs.
    func backwardSum(_ weights: FloatPointer) -> LowRankSum {
        LowRankSum(
            left: weights + up.offset, leftRow: rank, leftColumn: 1, right: weights + down.offset, rightRow: inputs,
            rightColumn: 1, rank: rank, scale: scale)
    }

    /// Adds to the gradients of A and B. `row` is the distance between rows of `dy`.
    func backward(
        _ x: FloatPointer, _ dy: FloatPointer, rows: Int, row: Int, gradients: MutableFloatPointer, _ pass: Pass
    ) {
        // Two thin matrices, freed at once; a region of the plan would have to be as wide as the widest adapter.
        withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, 2 * rows * rank)) { memory in
            guard let dDown = memory.baseAddress else { return }
            let reduced = dDown + rows * rank
            // scale * x Aᵀ and scale * dy B.
            multiply(downMatrix.product(x, to: reduced, pass), row: inputs, rows: rows, pass)
            multiply(upMatrix.product(dy, to: dDown, pass), row: row, rows: rows, pass)
            kernels_scale(dDown, scale, 2 * rows * rank)
            let ofUp = kernels_outer(
                a: dy, a_row: row, b: reduced, b_row: rank, rows: rows, m: outputs, n: rank,
                c: gradients + up.offset, c_row: rank, column_sums: nil)
            accumulateOuter(ofUp, pool: pass.pool)
            let ofDown = kernels_outer(
                a: dDown, a_row: rank, b: x, b_row: inputs, rows: rows, m: rank, n: inputs,
                c: gradients + down.offset, c_row: inputs, column_sums: nil)
            accumulateOuter(ofDown, pool: pass.pool)
        }
    }

    private func multiply(_ product: kernels_product, row: Int, rows: Int, _ pass: Pass) {
        var product = product
        product.a_row = row
        pass.pool.parallelFor(count: rows, minimum: 64) { range, _ in
            withUnsafePointer(to: product) { kernels_multiply($0, range.lowerBound, range.upperBound) }
        }
    }
}

/// A product of two thin matrices, times a scale, that is added to a weight while it is packed.
struct LowRankSum {
    let left: FloatPointer
    let leftRow: Int
    let leftColumn: Int
    let right: FloatPointer
    let rightRow: Int
    let rightColumn: Int
    let rank: Int
    let scale: Float

    /// Writes rows of `columns` floats: the matrix at `weight` plus the sum, from column `first` on.
    func add(
        to weight: FloatPointer, row: Int, column: Int, rows: Int, columns: Int, first: Int,
        giving out: MutableFloatPointer
    ) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: rank * columns) { memory in
            guard let rightRows = memory.baseAddress else { return }
            var sum = kernels_low_rank(
                w: weight + first * column, w_row: row, w_column: column, left: left, left_row: leftRow,
                left_column: leftColumn, right: right + first * rightColumn, right_row: rightRow,
                right_column: rightColumn, scale: scale, rows: rows, columns: columns, rank: rank)
            kernels_add_low_rank(&sum, rightRows, out)
        }
    }
}
