internal import CKernels

/// Layer norm (gain and shift) or root mean square norm (gain only) over rows of `width` floats.
struct Norm {
    let gain: Parameter
    /// Nil for a root mean square norm.
    let shift: Parameter?
    let epsilon: Float
    private let width: Int

    init(gain: Parameter, shift: Parameter?, epsilon: Float) {
        self.gain = gain
        self.shift = shift
        self.epsilon = epsilon
        width = gain.count
    }

    /// Overwrites `y`, and one inverse deviation (and mean, of a layer norm) a row for the backward pass.
    func forward(
        _ x: FloatPointer, rows: Int, to y: MutableFloatPointer, mean: MutableFloatPointer,
        inverseDeviation: MutableFloatPointer, _ pass: Pass
    ) {
        let gain = pass.weights + gain.offset
        pass.pool.parallelFor(count: rows, minimum: 32) { chunk, _ in
            let first = chunk.lowerBound
            if let shift {
                kernels_layer_norm(
                    x + first * width, gain, pass.weights + shift.offset, epsilon, chunk.count, width,
                    y + first * width, mean + first, inverseDeviation + first)
            } else {
                kernels_rms_norm(
                    x + first * width, gain, epsilon, chunk.count, width, y + first * width, inverseDeviation + first)
            }
        }
    }

    /// Floats of `partials` that `backward` needs.
    func partialCount(rows: Int) -> Int {
        (rows + Norm.rowsPerPartial - 1) / Norm.rowsPerPartial * 2 * width
    }

    /// Adds to `dx` and to the gradients of gain and shift.
    func backward(
        _ dy: FloatPointer, input x: FloatPointer, rows: Int, mean: FloatPointer, inverseDeviation: FloatPointer,
        to dx: MutableFloatPointer, gradients: MutableFloatPointer, partials: MutableFloatPointer, _ pass: Pass
    ) {
        let blocks = (rows + Norm.rowsPerPartial - 1) / Norm.rowsPerPartial
        partials.update(repeating: 0, count: blocks * 2 * width)
        pass.pool.parallelFor(count: blocks, grain: 1) { chunk, _ in
            for block in chunk {
                let first = block * Norm.rowsPerPartial
                let count = min(Norm.rowsPerPartial, rows - first)
                let partial = partials + block * 2 * width
                let gain = pass.weights + gain.offset
                if shift == nil {
                    kernels_rms_norm_backward(
                        dy + first * width, x + first * width, gain, inverseDeviation + first, count, width,
                        dx + first * width, partial)
                } else {
                    kernels_layer_norm_backward(
                        dy + first * width, x + first * width, gain, mean + first, inverseDeviation + first, count,
                        width, dx + first * width, partial, partial + width)
                }
            }
        }
        guard gain.isTrained else { return }
        // In block order, whoever computed them: the sum must not depend on the threads.
        for block in 0..<blocks {
            let partial = partials + block * 2 * width
            kernels_add(partial, width, gradients + gain.offset)
            if let shift { kernels_add(partial + width, width, gradients + shift.offset) }
        }
    }

    private static let rowsPerPartial = 64
}
