internal import CKernels

/// What stands between the two products of a feed-forward part.
package enum MLPActivation: String, Sendable {
    case geluTanh
    /// silu(gate) * up (Shazeer, 2020).
    case swiGLU
}

/// A block's feed-forward part: expansion, activation function, contraction.
struct MLP {
    let expansion: LinearGroup
    let contraction: Linear
    let activation: MLPActivation

    func packForForward(_ pass: Pass) {
        expansion.packForForward(pass)
        contraction.packForForward(pass)
    }

    func packForBackward(_ pass: Pass) {
        expansion.packForBackward(pass)
        contraction.packForBackward(pass)
    }

    /// Overwrites `hidden` (before the activation function) and `activated`, the contraction's input.
    func activate(
        _ x: FloatPointer, rows: Int, hidden: MutableFloatPointer, activated: MutableFloatPointer, _ pass: Pass
    ) {
        switch activation {
        case .geluTanh:
            expansion.members[0].forward(x, rows: rows, to: hidden, gelu: activated, pass)
        case .swiGLU:
            expansion.forward(x, rows: rows, to: hidden, pass)
            let width = contraction.inputs
            pass.pool.parallelFor(count: rows, minimum: 32) { range, _ in
                let first = range.lowerBound
                kernels_swiglu(
                    hidden + first * 2 * width, range.count, width, 0, width, activated + first * width)
            }
        }
    }

    /// Gradient of `hidden` from that of the contraction's output; `dActivated` is memory to work in.
    func backwardActivation(
        _ dy: FloatPointer, rows: Int, hidden: MutableFloatPointer, dActivated: MutableFloatPointer,
        to dHidden: MutableFloatPointer, _ pass: Pass
    ) {
        switch activation {
        case .geluTanh:
            contraction.backwardInput(dy, rows: rows, to: dHidden, as: .throughGELU(hidden), pass)
        case .swiGLU:
            contraction.backwardInput(dy, rows: rows, to: dActivated, pass)
            let width = contraction.inputs
            pass.pool.parallelFor(count: rows, minimum: 32) { range, _ in
                let first = range.lowerBound
                kernels_swiglu_backward(
                    dActivated + first * width, hidden + first * 2 * width, range.count, width,
                    dHidden + first * 2 * width)
            }
        }
    }
}
