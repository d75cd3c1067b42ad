internal import CKernels

/// Layer norm over rows of `width` floats, with gain and shift.
struct LayerNorm {
    let gain: Parameter
    let shift: Parameter
    let epsilon: Float
    private let width: Int

    init(gain: Parameter, shift: Parameter, epsilon: Float) {
        self.gain = gain
        self.shift = shift
        self.epsilon = epsilon
        width = gain.count
    }

    /// Overwrites `y`, and one mean and inverse deviation a row for the backward pass.
    func forward(
        _ x: FloatPointer, rows: Int, to y: MutableFloatPointer, mean: MutableFloatPointer,
        inverseDeviation: MutableFloatPointer, _ pass: Pass
    ) {
        pass.pool.parallelFor(count: rows, minimum: 32) { chunk, _ in
            let first = chunk.lowerBound
            kernels_layer_norm(
                x + first * width, pass.weights + gain.offset, pass.weights + shift.offset, epsilon, chunk.count,
                width, y + first * width, mean + first, inverseDeviation + first)
        }
    }

    /// Floats of `partials` that `backward` needs.
    func partialCount(rows: Int) -> Int {
        (rows + LayerNorm.rowsPerPartial - 1) / LayerNorm.rowsPerPartial * 2 * width
    }

    /// Adds to `dx` and to the gradients of gain and shift.
    func backward(
        _ dy: FloatPointer, input x: FloatPointer, rows: Int, mean: FloatPointer, inverseDeviation: FloatPointer,
        to dx: MutableFloatPointer, gradients: MutableFloatPointer, partials: MutableFloatPointer, _ pass: Pass
    ) {
        let blocks = (rows + LayerNorm.rowsPerPartial - 1) / LayerNorm.rowsPerPartial
        partials.update(repeating: 0, count: blocks * 2 * width)
        pass.pool.parallelFor(count: blocks, grain: 1) { chunk, _ in
            for block in chunk {
                let first = block * LayerNorm.rowsPerPartial
                let partial = partials + block * 2 * width
                kernels_layer_norm_backward(
                    dy + first * width, x + first * width, pass.weights + gain.offset, mean + first,
                    inverseDeviation + first, min(LayerNorm.rowsPerPartial, rows - first), width,
                    dx + first * width, partial, partial + width)
            }
        }
        // In block order, whoever computed them: the sum must not depend on the threads.
        for block in 0..<blocks {
            let partial = partials + block * 2 * width
            kernels_add(partial, width, gradients + gain.offset)
            kernels_add(partial + width, width, gradients + shift.offset)
        }
    }

    private static let rowsPerPartial = 64
}
