internal import CKernels

/// A model as decoding reads it: sizes, and by pointer the matrices that training packed, norms, biases and tables.
///
/// All of it is plain values, because lanes that count references to one object slow each other down. `DecodeWeights`
/// owns what it points to.
struct DecodeModel {
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
        let queryKeyValue: UnsafeBufferPointer<LinearView>
        let projection: LinearView
        let mlpNorm: NormView
        /// One linear layer with GELU, or gate and up side by side.
        let expansion: UnsafeBufferPointer<LinearView>
        let contraction: LinearView
    }

    let width, attentionWidth, keyValueWidth, queryKeyValueWidth, mlpWidth, vocabularySize: Int
    let heads, keyValueHeads, headWidth: Int
    let epsilon: Float
    let activation: MLPActivation
    let tokenTable: FloatPointer
    /// Nil where positions are rotary.
    let positionTable: FloatPointer?
    /// Cosines and sines; nil where positions are learned.
    let rotaryTable: FloatPointer?
    let blocks: UnsafeBufferPointer<Block>
    let finalNorm: NormView
    let head: LinearView

    /// Query heads that share a key-value head.
    var group: Int { heads / keyValueHeads }
}

extension DecodeModel.NormView {
    /// Overwrites `output` with normalised rows.
    func normalize(_ input: FloatPointer, rows: Int, of model: DecodeModel, into output: MutableFloatPointer) {
        if let shift {
            kernels_layer_norm(input, gain, shift, model.epsilon, rows, model.width, output, nil, nil)
        } else {
            kernels_rms_norm(input, gain, model.epsilon, rows, model.width, output, nil)
        }
    }
}

// MARK: - Heads that a lane computes alone

extension DecodeModel {
    /// The columns of a row q|k|v that belong to some key-value heads.
    private func projectionColumns(heads range: Range<Int>) -> (
        queries: Range<Int>, keys: Range<Int>, values: Range<Int>
    ) {
        let (first, end) = (range.lowerBound * headWidth, range.upperBound * headWidth)
        let (keys, values) = (attentionWidth, attentionWidth + keyValueWidth)
        return (first * group..<end * group, keys + first..<keys + end, values + first..<values + end)
    }

    /// Calls `body` with the matrices, and their panels, that give queries, keys and values of some heads; `false` and
    /// perhaps only some of the calls where a panel would be cut.
    @discardableResult
    func forEachProjection(
        _ block: Block, heads: Range<Int>, _ body: (_ linear: LinearView, _ panels: Range<Int>) -> Void
    ) -> Bool {
        let columns = projectionColumns(heads: heads)
        for linear in block.queryKeyValue {
            for part in [columns.queries, columns.keys, columns.values] {
                guard let panels = linear.panels(columns: part) else { return false }
                if !panels.isEmpty { body(linear, panels) }
            }
        }
        return true
    }

    /// Whether lanes that share the heads can each project and attend by themselves.
    func canCut(headsBetween lanes: Int) -> Bool {
        guard let block = blocks.first else { return false }
        return (0..<lanes).allSatisfy { lane in
            let heads = lane * keyValueHeads / lanes..<(lane + 1) * keyValueHeads / lanes
            return forEachProjection(block, heads: heads) { _, _ in }
        }
    }
}
