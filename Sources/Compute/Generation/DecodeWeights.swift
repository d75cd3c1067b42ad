internal import CKernels

/// A model's weights as decoding reads them: the matrices that training packed, norms, biases and tables by pointer.
///
/// A view of the model's own memory, valid until its weights change.
struct DecodeWeights {
    /// A linear layer: packed matrix and bias.
    struct LinearView {
        /// Nil where the model keeps no packed form; each product then packs the panels it reads.
        let packed: FloatPointer?
        let operand: kernels_operand
        let bias: FloatPointer?
        let inputs: Int
        let outputs: Int
        /// Where its outputs begin in the activation row they are part of, and that row's width.
        let column: Int
        let rowWidth: Int

        /// Panels of the packed matrix, the last perhaps not full.
        var panels: Int { (outputs + kernels_panel_width() - 1) / kernels_panel_width() }
    }

    /// Gain and shift of a layer norm; without a shift a root mean square norm.
    struct NormView {
        let gain: FloatPointer
        let shift: FloatPointer?
    }

    /// One transformer block.
    struct Block {
        let layer: Int
        let attentionNorm: NormView
        /// Together one row q|k|v.
        let queryKeyValue: [LinearView]
        let projection: LinearView
        let mlpNorm: NormView
        /// One linear layer with GELU, or gate and up side by side.
        let expansion: [LinearView]
        let contraction: LinearView
    }

    let tokenTable: FloatPointer
    /// Nil where positions are rotary.
    let positionTable: FloatPointer?
    /// Cosines and sines; nil where positions are learned.
    let rotaryTable: FloatPointer?
    let blocks: [Block]
    let finalNorm: NormView
    let head: LinearView

    /// Nil for a model without a language-model head.
    init?(_ transformer: Transformer, _ pass: Pass) {
        guard case .languageModel(let head) = transformer.head else { return nil }
        tokenTable = pass.weights + transformer.embedding.tokens.offset
        positionTable = transformer.embedding.positions.map { pass.weights + $0.offset }
        rotaryTable = pass.rotary
        blocks = transformer.blocks.enumerated().map { layer, block in
            Block(
                layer: layer, attentionNorm: NormView(block.norm1, pass),
                queryKeyValue: LinearView.group(block.queryKeyValue, pass),
                projection: LinearView(block.projection, pass),
                mlpNorm: NormView(block.norm2, pass), expansion: LinearView.group(block.mlp.expansion, pass),
                contraction: LinearView(block.mlp.contraction, pass))
        }
        finalNorm = NormView(transformer.finalNorm, pass)
        self.head = LinearView(head.logitsMatrix, bias: nil, column: 0, rowWidth: head.logitsMatrix.n, pass)
    }
}

extension DecodeWeights.NormView {
    fileprivate init(_ norm: Norm, _ pass: Pass) {
        gain = pass.weights + norm.gain.offset
        shift = norm.shift.map { pass.weights + $0.offset }
    }

    /// Overwrites `output` with normalised rows.
    func normalize(_ input: FloatPointer, rows: Int, spec: ModelSpec, into output: MutableFloatPointer) {
        if let shift {
            kernels_layer_norm(input, gain, shift, spec.normEpsilon, rows, spec.width, output, nil, nil)
        } else {
            kernels_rms_norm(input, gain, spec.normEpsilon, rows, spec.width, output, nil)
        }
    }
}

extension DecodeWeights.LinearView {
    fileprivate init(_ matrix: PackedMatrix, bias: Parameter?, column: Int, rowWidth: Int, _ pass: Pass) {
        packed = matrix.packed(pass)
        operand = matrix.operand(pass)
        self.bias = bias.map { pass.weights + $0.offset }
        inputs = matrix.k
        outputs = matrix.n
        self.column = column
        self.rowWidth = rowWidth
    }

    fileprivate init(_ linear: Linear, _ pass: Pass) {
        self.init(linear.forwardMatrix, bias: linear.bias, column: 0, rowWidth: linear.outputs, pass)
    }

    fileprivate static func group(_ group: LinearGroup, _ pass: Pass) -> [DecodeWeights.LinearView] {
        var column = 0
        return group.members.map { member in
            defer { column += member.outputs }
            return DecodeWeights.LinearView(
                member.forwardMatrix, bias: member.bias, column: column, rowWidth: group.width, pass)
        }
    }
}
