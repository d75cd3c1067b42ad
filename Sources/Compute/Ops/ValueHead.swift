/// One number a token: a critic's value or a reward model's score.
struct ValueHead {
    private let linear: Linear

    init(_ weight: Parameter, packed: inout PackedLayout) {
        linear = Linear(weight, bias: nil, layout: .outputsFirst, packed: &packed)
    }

    func packForForward(_ pass: Pass) { linear.packForForward(pass) }
    func packForBackward(_ pass: Pass) { linear.packForBackward(pass) }

    func forward(_ x: FloatPointer, rows: Int, to values: MutableFloatPointer, _ pass: Pass) {
        linear.forward(x, rows: rows, to: values, pass)
    }

    /// Gradient of the sum of coefficient * value: overwrites `dx`, adds to the weight's gradient.
    func backward(
        _ x: FloatPointer, coefficients: FloatPointer, rows: Int, to dx: MutableFloatPointer,
        gradients: MutableFloatPointer, _ pass: Pass
    ) {
        linear.backwardInput(coefficients, rows: rows, to: dx, pass)
        linear.backwardWeight(x, coefficients, rows: rows, gradients: gradients, pass)
    }
}
