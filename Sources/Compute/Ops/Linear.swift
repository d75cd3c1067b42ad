internal import CKernels

/// How the matrix of a linear layer lies in memory.
package enum MatrixLayout: Sendable {
    /// `[in, out]`: GPT-2's Conv1D.
    case inputsFirst
    /// `[out, in]`: PyTorch's Linear.
    case outputsFirst
}

/// y = x W + b, the matrix in either of the layouts families store.
///
/// Rows of `x` are contiguous. Rows of `y` and `dy` may be part of longer ones: `row` is then the distance between them.
struct Linear {
    let weight: Parameter
    let bias: Parameter?
    let inputs: Int
    let outputs: Int
    /// Packed into both operands; only its own gradients are extra.
    var adapter: LowRankAdapter?
    private let layout: MatrixLayout
    /// For products with rows of `x`.
    let forwardMatrix: PackedMatrix
    private let backwardMatrix: PackedMatrix

    init(
        _ weight: Parameter, bias: Parameter?, layout: MatrixLayout, packed: inout PackedLayout
    ) {
        let isInputsFirst = layout == .inputsFirst
        self.weight = weight
        self.bias = bias
        self.layout = layout
        inputs = weight.shape[isInputsFirst ? 0 : 1]
        outputs = weight.shape[isInputsFirst ? 1 : 0]
        let (inputStride, outputStride) = isInputsFirst ? (outputs, 1) : (1, inputs)
        forwardMatrix = PackedMatrix(
            k: inputs, n: outputs, source: weight.offset, rowStride: inputStride, columnStride: outputStride,
            layout: &packed)
        backwardMatrix = PackedMatrix(
            k: outputs, n: inputs, source: weight.offset, rowStride: outputStride, columnStride: inputStride,
            layout: &packed)
    }

    func packForForward(_ pass: Pass) { forwardMatrix.pack(pass, adding: adapter?.forwardSum(pass.weights)) }

    func packForBackward(_ pass: Pass) {
        backwardMatrix.pack(pass, adding: adapter?.backwardSum(pass.weights))
        adapter?.packForBackward(pass)
    }

    /// Overwrites `y`; `residual`, when given, is added and may be `y` itself.
    func forward(
        _ x: FloatPointer, rows: Int, to y: MutableFloatPointer, row: Int? = nil, adding residual: FloatPointer? = nil,
        _ pass: Pass
    ) {
        var product = biased(x, to: y, row: row ?? outputs, pass)
        product.start = residual
        product.start_row = row ?? outputs
        forwardMatrix.run(product, rows: rows, pass)
    }

    /// Like `forward`, and writes tanh-GELU of `y` to `activated` while the tiles are in cache.
    func forward(
        _ x: FloatPointer, rows: Int, to y: MutableFloatPointer, gelu activated: MutableFloatPointer, _ pass: Pass
    ) {
        var product = biased(x, to: y, row: outputs, pass)
        product.finish = Int32(KERNELS_GELU)
        product.activated = activated
        product.activated_row = outputs
        forwardMatrix.run(product, rows: rows, pass)
    }

    /// What becomes of dy Wᵀ.
    enum InputGradient {
        case overwritten
        case added
        /// Multiplied by the derivative of tanh-GELU at these pre-activations.
        case throughGELU(MutableFloatPointer)
    }

    /// dx = dy Wᵀ.
    func backwardInput(
        _ dy: FloatPointer, rows: Int, row: Int? = nil, to dx: MutableFloatPointer,
        as gradient: InputGradient = .overwritten, _ pass: Pass
    ) {
        var product = backwardMatrix.product(dy, to: dx, pass)
        product.a_row = row ?? outputs
        switch gradient {
        case .overwritten: break
        case .added:
            product.start = FloatPointer(dx)
            product.start_row = inputs
        case .throughGELU(let preactivations):
            product.finish = Int32(KERNELS_GELU_DERIVATIVE)
            product.activated = preactivations
            product.activated_row = inputs
        }
        backwardMatrix.run(product, rows: rows, pass)
    }

    /// Adds to the gradients of the weight (xᵀ dy) and the bias (column sums of dy), as far as they are trained.
    func backwardWeight(
        _ x: FloatPointer, _ dy: FloatPointer, rows: Int, row: Int? = nil, gradients: MutableFloatPointer, _ pass: Pass
    ) {
        let row = row ?? outputs
        adapter?.backward(x, dy, rows: rows, row: row, gradients: gradients, pass)
        var sums: MutableFloatPointer?
        if let bias, bias.isTrained { sums = gradients + bias.offset }
        guard weight.isTrained, layout == .inputsFirst else {
            if let sums { addColumns(of: dy, row: row, rows: rows, width: outputs, to: sums, pass) }
            if weight.isTrained {
                let outer = kernels_outer(
                    a: dy, a_row: row, b: x, b_row: inputs, rows: rows, m: outputs, n: inputs,
                    c: gradients + weight.offset, c_row: inputs, column_sums: nil)
                accumulateOuter(outer, pool: pass.pool)
            }
            return
        }
        let outer = kernels_outer(
            a: x, a_row: inputs, b: dy, b_row: row, rows: rows, m: inputs, n: outputs,
            c: gradients + weight.offset, c_row: outputs, column_sums: sums)
        accumulateOuter(outer, pool: pass.pool)
    }

    private func biased(_ x: FloatPointer, to y: MutableFloatPointer, row: Int, _ pass: Pass) -> kernels_product {
        var product = forwardMatrix.product(x, to: y, pass)
        product.c_row = row
        if let bias { product.bias = pass.weights + bias.offset }
        return product
    }
}

/// Adds the column sums of rows to `sums`. Split by columns, so each sum runs in row order.
func addColumns(of x: FloatPointer, row: Int, rows: Int, width: Int, to sums: MutableFloatPointer, _ pass: Pass) {
    pass.pool.parallelFor(count: width, minimum: 128) { columns, _ in
        kernels_add_columns(x, row, rows, columns.lowerBound, columns.upperBound, sums)
    }
}

/// Runs a weight gradient over the pool in tasks of some column panels and a share of the rows of c.
///
/// Every element of c is summed by one task in row order, so the result does not depend on the threads.
func accumulateOuter(_ outer: kernels_outer, pool: ThreadPool) {
    let panelWidth = kernels_panel_width()
    let panels = (outer.n + panelWidth - 1) / panelWidth
    guard pool.threads > 1 else {
        withUnsafePointer(to: outer) { kernels_accumulate_outer($0, 0, outer.m, 0, panels) }
        return
    }
    // As many panels as the kernel holds at once, and some eight tasks a thread; whole tiles of the widest kernel.
    let groups = (panels + 7) / 8
    let shares = max(1, min((8 * pool.threads + groups - 1) / groups, outer.m / 56))
    let step = (outer.m + shares * 14 - 1) / (shares * 14) * 14
    let steps = (outer.m + step - 1) / step
    pool.parallelFor(count: groups * steps, grain: 1) { tasks, _ in
        for task in tasks {
            let first = task % groups * 8
            let begin = task / groups * step
            withUnsafePointer(to: outer) {
                kernels_accumulate_outer($0, begin, min(begin + step, outer.m), first, min(first + 8, panels))
            }
        }
    }
}
