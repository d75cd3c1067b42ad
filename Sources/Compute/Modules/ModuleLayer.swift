internal import CKernels

/// One layer of a module, ready to run: the ops of the transformer, and activation functions of their own.
enum ModuleLayer {
    case linear(Linear)
    case norm(Norm)
    case activation(Activation, width: Int)

    enum Activation {
        case relu
        case gelu
    }

    /// Floats of an output row.
    var width: Int {
        switch self {
        case .linear(let linear): linear.outputs
        case .norm(let norm): norm.gain.count
        case .activation(_, let width): width
        }
    }

    /// Floats a row that `backward` needs of `forward`.
    var statistics: Int {
        if case .norm = self { 2 } else { 0 }
    }

    /// Overwrites `y`, and `statistics` floats a row.
    func forward(
        _ x: FloatPointer, rows: Int, to y: MutableFloatPointer, statistics: MutableFloatPointer, _ pass: Pass
    ) {
        switch self {
        case .linear(let linear):
            linear.forward(x, rows: rows, to: y, pass)
        case .norm(let norm):
            norm.forward(x, rows: rows, to: y, mean: statistics, inverseDeviation: statistics + rows, pass)
        case .activation(let activation, let width):
            pass.pool.parallelFor(count: rows * width, minimum: 4096) { range, _ in
                let first = range.lowerBound
                switch activation {
                case .relu: kernels_relu(x + first, range.count, y + first)
                case .gelu: kernels_gelu(x + first, range.count, y + first)
                }
            }
        }
    }

    /// Adds to the gradients of the layer's parameters and overwrites `dx`.
    func backward(
        _ dy: FloatPointer, input x: FloatPointer, rows: Int, statistics: FloatPointer, to dx: MutableFloatPointer,
        partials: MutableFloatPointer, gradients: MutableFloatPointer, _ pass: Pass
    ) {
        switch self {
        case .linear(let linear):
            linear.backwardWeight(x, dy, rows: rows, gradients: gradients, pass)
            linear.backwardInput(dy, rows: rows, to: dx, pass)
        case .norm(let norm):
            dx.update(repeating: 0, count: rows * norm.gain.count)
            norm.backward(
                dy, input: x, rows: rows, mean: statistics, inverseDeviation: statistics + rows, to: dx,
                gradients: gradients, partials: partials, pass)
        case .activation(let activation, let width):
            pass.pool.parallelFor(count: rows * width, minimum: 4096) { range, _ in
                let first = range.lowerBound
                switch activation {
                case .relu: kernels_relu_backward(dy + first, x + first, range.count, dx + first)
                case .gelu: kernels_gelu_backward(dy + first, x + first, range.count, dx + first)
                }
            }
        }
    }
}
