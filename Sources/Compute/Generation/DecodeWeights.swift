internal import CKernels

/// Owns the views of a model's weights that decoding reads, valid until the weights change.
final class DecodeWeights {
    let model: DecodeModel
    // SAFETY: both are allocated in init, freed in deinit, and only read in between.
    private let blocks: UnsafeBufferPointer<DecodeModel.Block>
    private let linears: UnsafeBufferPointer<DecodeModel.LinearView>

    /// Nil for a model without a language-model head.
    init?(_ transformer: Transformer, _ pass: Pass) {
        guard case .languageModel(let head) = transformer.head else { return nil }
        let spec = transformer.spec
        let groups = transformer.blocks.flatMap { [$0.queryKeyValue, $0.mlp.expansion] }
        let linears = UnsafeBufferPointer.copy(groups.flatMap { DecodeModel.LinearView.group($0, pass) })
        var next = 0
        func take(_ group: LinearGroup) -> UnsafeBufferPointer<DecodeModel.LinearView> {
            defer { next += group.members.count }
            return UnsafeBufferPointer(rebasing: linears[next..<next + group.members.count])
        }
        let blocks = UnsafeBufferPointer.copy(
            transformer.blocks.enumerated().map { layer, block in
                DecodeModel.Block(
                    layer: layer, attentionNorm: DecodeModel.NormView(block.norm1, pass),
                    queryKeyValue: take(block.queryKeyValue),
                    projection: DecodeModel.LinearView(block.projection, pass),
                    mlpNorm: DecodeModel.NormView(block.norm2, pass), expansion: take(block.mlp.expansion),
                    contraction: DecodeModel.LinearView(block.mlp.contraction, pass))
            })
        (self.linears, self.blocks) = (linears, blocks)
        model = DecodeModel(
            width: spec.width, attentionWidth: spec.attentionWidth, keyValueWidth: spec.keyValueWidth,
            queryKeyValueWidth: spec.queryKeyValueWidth, mlpWidth: spec.mlpWidth, vocabularySize: spec.vocabularySize,
            heads: spec.heads, keyValueHeads: spec.keyValueHeads, headWidth: spec.headWidth,
            epsilon: spec.normEpsilon, activation: spec.activation,
            tokenTable: pass.weights + transformer.embedding.tokens.offset,
            positionTable: transformer.embedding.positions.map { pass.weights + $0.offset },
            rotaryTable: pass.rotary, blocks: blocks, finalNorm: DecodeModel.NormView(transformer.finalNorm, pass),
            head: DecodeModel.LinearView(
                head.logitsMatrix, bias: nil, column: 0, rowWidth: head.logitsMatrix.n, pass))
    }

    deinit {
        blocks.deallocate()
        linears.deallocate()
    }
}

extension DecodeModel.NormView {
    fileprivate init(_ norm: Norm, _ pass: Pass) {
        gain = pass.weights + norm.gain.offset
        shift = norm.shift.map { pass.weights + $0.offset }
    }
}

extension DecodeModel.LinearView {
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

    fileprivate static func group(_ group: LinearGroup, _ pass: Pass) -> [DecodeModel.LinearView] {
        var column = 0
        return group.members.map { member in
            defer { column += member.outputs }
            return DecodeModel.LinearView(
                member.forwardMatrix, bias: member.bias, column: column, rowWidth: group.width, pass)
        }
    }
}

extension UnsafeBufferPointer {
    /// A copy of an array's elements, which the caller deallocates.
    fileprivate static func copy(_ elements: [Element]) -> UnsafeBufferPointer {
        let memory = UnsafeMutableBufferPointer<Element>.allocate(capacity: elements.count)
        _ = memory.initialize(from: elements)
        return UnsafeBufferPointer(memory)
    }
}
