/// One pre-norm transformer block: x + attention(norm(x)), then + mlp(norm(·)).
struct Block {
    let norm1: Norm
    let queryKeyValue: LinearGroup
    let rotary: Rotary
    let attention: Attention
    let projection: Linear
    let norm2: Norm
    let mlp: MLP
    private let attentionDropout: Dropout
    private let mlpDropout: Dropout

    init(layer: Int, lookup: ParameterLookup, packed: inout PackedLayout) {
        let spec = lookup.spec, names = lookup.names
        func name(_ module: String) -> String { names.name(module, layer: layer) }
        norm1 = lookup.norm(name(names.attentionNorm))
        queryKeyValue = LinearGroup(names.queryKeyValue.map { lookup.linear(name($0), packed: &packed) })
        rotary = Rotary(
            heads: spec.heads + spec.keyValueHeads, headWidth: spec.headWidth, rowWidth: spec.queryKeyValueWidth)
        attention = Attention(
            heads: spec.heads, keyValueHeads: spec.keyValueHeads, headWidth: spec.headWidth,
            dropout: Dropout(rate: spec.dropout.attention, place: 2 * spec.layers + 1 + layer))
        projection = lookup.linear(name(names.projection), packed: &packed)
        norm2 = lookup.norm(name(names.mlpNorm))
        mlp = MLP(
            expansion: LinearGroup(names.expansion.map { lookup.linear(name($0), packed: &packed) }),
            contraction: lookup.linear(name(names.contraction), packed: &packed), activation: spec.activation)
        attentionDropout = Dropout(rate: spec.dropout.residual, place: 2 * layer + 1)
        mlpDropout = Dropout(rate: spec.dropout.residual, place: 2 * layer + 2)
    }

    func packForForward(_ pass: Pass) {
        queryKeyValue.packForForward(pass)
        projection.packForForward(pass)
        mlp.packForForward(pass)
    }

    func packForBackward(_ pass: Pass) {
        queryKeyValue.packForBackward(pass)
        projection.packForBackward(pass)
        mlp.packForBackward(pass)
    }

    /// Floats of scratch a lane needs for segments of at most `length` tokens.
    func scratchCount(length: Int) -> Int { attention.scratchCount(length: length) }

    /// Reads `at.input` and writes all other regions and `output`, which may be `at.input`.
    func forward(_ chunk: BatchChunk, _ memory: ActivationRows, _ at: BlockActivations, output: Region, _ pass: Pass) {
        activate(chunk, memory, at, pass)
        add(
            mlp.contraction, of: memory[at.activated], to: memory[at.middle], mlpDropout, chunk,
            giving: memory[output], pass)
    }

    /// The forward pass up to the input of the last product: all that a backward pass reads. Equal inputs give equal bits,
    /// so a backward pass may do it again instead of keeping it.
    func activate(_ chunk: BatchChunk, _ memory: ActivationRows, _ at: BlockActivations, _ pass: Pass) {
        let rows = chunk.rows, formats = pass.formats
        norm1.forward(
            memory[at.input], rows: rows, to: memory[at.norm1.output], mean: memory[at.norm1.mean],
            inverseDeviation: memory[at.norm1.inverseDeviation], pass)
        pass.round(memory[at.norm1.output], to: formats.matmul, count: rows * at.norm1.output.width)
        queryKeyValue.forward(memory[at.norm1.output], rows: rows, to: memory[at.queryKeyValue], pass)
        rotary.apply(.forward, chunk, to: memory[at.queryKeyValue], pass)
        pass.round(memory[at.queryKeyValue], to: formats.attention, count: rows * at.queryKeyValue.width)
        attention.forward(
            chunk, queryKeyValue: memory[at.queryKeyValue], to: memory[at.attended], logSums: memory[at.logSums], pass)
        pass.round(memory[at.attended], to: formats.matmul, count: rows * at.attended.width)
        add(
            projection, of: memory[at.attended], to: memory[at.input], attentionDropout, chunk,
            giving: memory[at.middle], pass)
        norm2.forward(
            memory[at.middle], rows: rows, to: memory[at.norm2.output], mean: memory[at.norm2.mean],
            inverseDeviation: memory[at.norm2.inverseDeviation], pass)
        pass.round(memory[at.norm2.output], to: formats.matmul, count: rows * at.norm2.output.width)
        mlp.activate(
            memory[at.norm2.output], rows: rows, hidden: memory[at.hidden], activated: memory[at.activated], pass)
        pass.round(memory[at.activated], to: formats.matmul, count: rows * at.activated.width)
    }

    /// sum = residual + dropout(linear(x)); the sum is not the residual's own memory.
    private func add(
        _ linear: Linear, of x: FloatPointer, to residual: FloatPointer, _ dropout: Dropout, _ chunk: BatchChunk,
        giving sum: MutableFloatPointer, _ pass: Pass
    ) {
        guard dropout.isActive(pass) else {
            linear.forward(x, rows: chunk.rows, to: sum, adding: residual, pass)
            return
        }
        linear.forward(x, rows: chunk.rows, to: sum, pass)
        dropout.apply(sum, adding: residual, chunk: chunk, width: linear.outputs, to: sum, pass)
    }

    /// Takes the gradient of the block's output in `work[plan.dResidual]` and leaves that of its input there.
    func backward(
        _ chunk: BatchChunk, _ memory: ActivationRows, _ at: BlockActivations, work: ActivationRows,
        _ plan: BackwardPlan, gradients: MutableFloatPointer, _ pass: Pass
    ) {
        backwardFeedforward(chunk, memory, at, work, plan, gradients, pass)
        backwardAttention(chunk, memory, at, work, plan, gradients, pass)
    }

    private func backwardFeedforward(
        _ chunk: BatchChunk, _ memory: ActivationRows, _ at: BlockActivations, _ work: ActivationRows,
        _ plan: BackwardPlan, _ gradients: MutableFloatPointer, _ pass: Pass
    ) {
        let rows = chunk.rows, dHidden = work[plan.dHidden]
        let dSum = throughDropout(mlpDropout, chunk, work, plan, width: mlp.contraction.outputs, pass)
        mlp.contraction.backwardWeight(memory[at.activated], dSum, rows: rows, gradients: gradients, pass)
        mlp.backwardActivation(
            dSum, rows: rows, hidden: memory[at.hidden], dActivated: work[plan.dActivated], to: dHidden, pass)
        pass.round(dHidden, to: pass.formats.matmul, count: rows * plan.dHidden.width)
        mlp.expansion.backwardWeight(memory[at.norm2.output], dHidden, rows: rows, gradients: gradients, pass)
        mlp.expansion.backwardInput(dHidden, rows: rows, to: work[plan.dNorm], pass)
        norm2.backward(
            work[plan.dNorm], input: memory[at.middle], rows: rows, mean: memory[at.norm2.mean],
            inverseDeviation: memory[at.norm2.inverseDeviation], to: work[plan.dResidual], gradients: gradients,
            partials: work[plan.normPartials], pass)
    }

    private func backwardAttention(
        _ chunk: BatchChunk, _ memory: ActivationRows, _ at: BlockActivations, _ work: ActivationRows,
        _ plan: BackwardPlan, _ gradients: MutableFloatPointer, _ pass: Pass
    ) {
        let rows = chunk.rows, dQueryKeyValue = work[plan.dQueryKeyValue]
        let dSum = throughDropout(attentionDropout, chunk, work, plan, width: projection.outputs, pass)
        projection.backwardWeight(memory[at.attended], dSum, rows: rows, gradients: gradients, pass)
        projection.backwardInput(dSum, rows: rows, to: work[plan.dAttended], pass)
        pass.round(work[plan.dAttended], to: pass.formats.attention, count: rows * plan.dAttended.width)
        attention.backward(
            chunk, dOutput: work[plan.dAttended], queryKeyValue: memory[at.queryKeyValue],
            output: memory[at.attended], logSums: memory[at.logSums], to: dQueryKeyValue, pass)
        rotary.apply(.backward, chunk, to: dQueryKeyValue, pass)
        pass.round(dQueryKeyValue, to: pass.formats.matmul, count: rows * plan.dQueryKeyValue.width)
        queryKeyValue.backwardWeight(memory[at.norm1.output], dQueryKeyValue, rows: rows, gradients: gradients, pass)
        queryKeyValue.backwardInput(dQueryKeyValue, rows: rows, to: work[plan.dNorm], pass)
        norm1.backward(
            work[plan.dNorm], input: memory[at.input], rows: rows, mean: memory[at.norm1.mean],
            inverseDeviation: memory[at.norm1.inverseDeviation], to: work[plan.dResidual], gradients: gradients,
            partials: work[plan.normPartials], pass)
    }

    /// The gradient of what went into the residual stream here; dropped elements have none, and as an operand it is
    /// rounded. May lie in `plan.dNorm`, which is free until it is overwritten by the gradient of a norm's output.
    private func throughDropout(
        _ dropout: Dropout, _ chunk: BatchChunk, _ work: ActivationRows, _ plan: BackwardPlan, width: Int, _ pass: Pass
    ) -> MutableFloatPointer {
        let dResidual = work[plan.dResidual], dSum = work[plan.dNorm]
        if dropout.isActive(pass) {
            dropout.apply(dResidual, chunk: chunk, width: width, to: dSum, pass)
        } else if pass.formats.matmul == .float32 {
            return dResidual
        } else {
            dSum.update(from: dResidual, count: chunk.rows * width)
        }
        pass.round(dSum, to: pass.formats.matmul, count: chunk.rows * width)
        return dSum
    }
}
