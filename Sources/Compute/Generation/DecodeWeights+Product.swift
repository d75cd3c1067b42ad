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

extension DecodeWeights.LinearView {
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

extension DecodeWeights {
    /// Key-value heads cut into parts whose projections are whole panels, so that each part can be projected and attend
    /// alone; empty where that cannot be.
    func headShares(spec: ModelSpec, parts: Int) -> [Range<Int>] {
        let count = min(parts, spec.keyValueHeads)
        let shares = (0..<count).map { part in
            part * spec.keyValueHeads / count..<(part + 1) * spec.keyValueHeads / count
        }
        guard let linears = blocks.first?.queryKeyValue else { return [] }
        let isWhole = shares.allSatisfy { heads in
            spec.projectionColumns(heads: heads).allSatisfy { columns in
                linears.allSatisfy { $0.panels(columns: columns) != nil }
            }
        }
        return isWhole ? shares : []
    }
}

extension ModelSpec {
    /// The columns of a row q|k|v that belong to some key-value heads: queries, keys, values.
    func projectionColumns(heads range: Range<Int>) -> [Range<Int>] {
        let (first, end) = (range.lowerBound * headWidth, range.upperBound * headWidth)
        let group = heads / keyValueHeads
        let (keys, values) = (attentionWidth, attentionWidth + keyValueWidth)
        return [first * group..<end * group, keys + first..<keys + end, values + first..<values + end]
    }
}
