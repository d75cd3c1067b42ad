internal import CKernels

/// y = x W + b with W as `[in, out]`, in the layout of GPT-2's Conv1D.
struct Linear {
    let weight: Parameter
    let bias: Parameter
    private let inputs: Int
    private let outputs: Int
    private let forwardMatrix: PackedMatrix
    private let backwardMatrix: PackedMatrix

    init(_ weight: Parameter, bias: Parameter, layout: inout PackedLayout) {
        self.weight = weight
        self.bias = bias
        inputs = weight.shape[0]
        outputs = weight.shape[1]
        forwardMatrix = PackedMatrix(
            k: inputs, n: outputs, source: weight.offset, rowStride: outputs, columnStride: 1, layout: &layout)
        backwardMatrix = PackedMatrix(
            k: outputs, n: inputs, source: weight.offset, rowStride: 1, columnStride: outputs, layout: &layout)
    }

    func packForForward(_ pass: Pass) { forwardMatrix.pack(pass) }
    func packForBackward(_ pass: Pass) { backwardMatrix.pack(pass) }

    /// Overwrites `y`; `residual`, when given, is added and may be `y` itself.
    func forward(
        _ x: FloatPointer, rows: Int, to y: MutableFloatPointer, adding residual: FloatPointer? = nil, _ pass: Pass
    ) {
        var product = biased(x, to: y, pass)
        product.start = residual
        product.start_row = outputs
        run(product, rows: rows, pass)
    }

    /// Like `forward`, and writes tanh-GELU of `y` to `activated` while the tiles are in cache.
    func forward(
        _ x: FloatPointer, rows: Int, to y: MutableFloatPointer, gelu activated: MutableFloatPointer, _ pass: Pass
    ) {
        var product = biased(x, to: y, pass)
        product.finish = Int32(KERNELS_GELU)
        product.activated = activated
        product.activated_row = outputs
        run(product, rows: rows, pass)
    }

    /// dx = dy Wᵀ, overwriting `dx`; multiplied by the derivative of tanh-GELU at `preactivations` when given.
    func backwardInput(
        _ dy: FloatPointer, rows: Int, to dx: MutableFloatPointer, preactivations: MutableFloatPointer? = nil,
        _ pass: Pass
    ) {
        var product = backwardMatrix.product(dy, to: dx, pass)
        if let preactivations {
            product.finish = Int32(KERNELS_GELU_DERIVATIVE)
            product.activated = preactivations
            product.activated_row = inputs
        }
        run(product, rows: rows, pass)
    }

    /// Adds xᵀ dy to the weight's gradient and the column sums of dy to the bias's.
    func backwardWeight(
        _ x: FloatPointer, _ dy: FloatPointer, rows: Int, gradients: MutableFloatPointer, _ pass: Pass
    ) {
        let outer = kernels_outer(
            a: x, a_row: inputs, b: dy, b_row: outputs, rows: rows, m: inputs, n: outputs,
            c: gradients + weight.offset, c_row: outputs, column_sums: gradients + bias.offset)
        accumulateOuter(outer, pool: pass.pool)
    }

    private func biased(_ x: FloatPointer, to y: MutableFloatPointer, _ pass: Pass) -> kernels_product {
        var product = forwardMatrix.product(x, to: y, pass)
        product.bias = pass.weights + bias.offset
        return product
    }

    private func run(_ product: kernels_product, rows: Int, _ pass: Pass) {
        pass.pool.parallelFor(count: rows, minimum: 42) { chunk, _ in
            withUnsafePointer(to: product) { kernels_multiply($0, chunk.lowerBound, chunk.upperBound) }
        }
    }
}

/// Runs a weight gradient over the pool in tasks of one column panel and a share of the rows of c.
///
/// Every element of c is summed by one task in row order, so the result does not depend on the threads.
func accumulateOuter(_ outer: kernels_outer, pool: ThreadPool) {
    let panelWidth = kernels_panel_width()
    let panels = (outer.n + panelWidth - 1) / panelWidth
    let shares = max(1, min((2 * pool.threads + panels - 1) / panels, outer.m / 56))
    // Whole tiles of the widest kernel, so that only the last share has a low tile.
    let step = (outer.m + shares * 14 - 1) / (shares * 14) * 14
    let steps = (outer.m + step - 1) / step
    pool.parallelFor(count: panels * steps, grain: 1) { tasks, _ in
        for task in tasks {
            let panel = task % panels
            let begin = task / panels * step
            withUnsafePointer(to: outer) {
                kernels_accumulate_outer($0, begin, min(begin + step, outer.m), panel, panel + 1)
            }
        }
    }
}
