internal import CKernels

/// What becomes of input * matrix + bias.
enum DecodeFinish {
    /// It overwrites the output.
    case plain
    /// It is added to the output.
    case added
    /// It overwrites the output, and its GELU goes here.
    case activated(MutableFloatPointer)
}

extension DecodeModel.LinearView {
    /// Multiplies the first `rows` rows of an input by some panels of the matrix.
    ///
    /// Each element is summed over the inputs in one order, whatever rows and panels stand beside it.
    func multiply(
        _ input: FloatPointer, rows: Int, panels: Range<Int>, into output: MutableFloatPointer,
        _ finish: DecodeFinish = .plain
    ) {
        let first = panels.lowerBound * kernels_panel_width()
        let count = min(panels.count * kernels_panel_width(), outputs - first)
        let target = output + column + first
        var product = kernels_product()
        (product.a, product.a_row, product.a_column) = (input, inputs, 1)
        (product.packed, product.k, product.n) = (packed.map { $0 + first * inputs }, inputs, count)
        (product.c, product.c_row) = (target, rowWidth)
        product.bias = bias.map { $0 + first }
        switch finish {
        case .plain: break
        case .added: (product.start, product.start_row) = (FloatPointer(target), rowWidth)
        case .activated(let activated):
            product.finish = Int32(KERNELS_GELU)
            (product.activated, product.activated_row) = (activated + column + first, rowWidth)
        }
        guard packed == nil else {
            kernels_multiply(&product, 0, rows)
            return
        }
        var part = operand
        part.at += first * part.n_stride
        kernels_multiply_unpacked(&product, &part, 0, rows, 0, panels.count)
    }

    /// The columns of these panels.
    func columns(panels: Range<Int>) -> Range<Int> {
        let panel = kernels_panel_width()
        return min(panels.lowerBound * panel, outputs)..<min(panels.upperBound * panel, outputs)
    }

    /// The panels of these columns of the activation row; nil when a panel would be cut.
    func panels(columns: Range<Int>) -> Range<Int>? {
        let panel = kernels_panel_width()
        let part = columns.clamped(to: column..<column + outputs)
        guard !part.isEmpty else { return 0..<0 }
        let (first, end) = (part.lowerBound - column, part.upperBound - column)
        guard first % panel == 0, end % panel == 0 || end == outputs else { return nil }
        return first / panel..<(end + panel - 1) / panel
    }
}
