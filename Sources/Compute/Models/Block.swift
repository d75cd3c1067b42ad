/// One pre-norm transformer block: x + attention(norm(x)), then + mlp(norm(·)).
struct Block {
    private let norm1: LayerNorm
    private let queryKeyValue: Linear
    private let attention: Attention
    private let projection: Linear
    private let norm2: LayerNorm
    private let expansion: Linear
    private let contraction: Linear

    init(layer: Int, spec: ModelSpec, lookup: ParameterLookup, layout: inout PackedLayout) {
        let name = "transformer.h.\(layer)"
        norm1 = lookup.norm("\(name).ln_1", epsilon: spec.normEpsilon)
        queryKeyValue = lookup.linear("\(name).attn.c_attn", layout: &layout)
        attention = Attention(heads: spec.heads, headWidth: spec.headWidth)
        projection = lookup.linear("\(name).attn.c_proj", layout: &layout)
        norm2 = lookup.norm("\(name).ln_2", epsilon: spec.normEpsilon)
        expansion = lookup.linear("\(name).mlp.c_fc", layout: &layout)
        contraction = lookup.linear("\(name).mlp.c_proj", layout: &layout)
    }

    private var linears: [Linear] { [queryKeyValue, projection, expansion, contraction] }

    func packForForward(_ pass: Pass) { for linear in linears { linear.packForForward(pass) } }
    func packForBackward(_ pass: Pass) { for linear in linears { linear.packForBackward(pass) } }

    /// Floats of scratch a lane needs for segments of at most `length` tokens.
    func scratchCount(length: Int) -> Int { attention.scratchCount(length: length) }

    /// Reads `at.input` and writes all other regions and `output`, which may be `at.input`.
    func forward(_ chunk: BatchChunk, _ memory: ActivationRows, _ at: BlockActivations, output: Region, _ pass: Pass) {
        let rows = chunk.rows
        norm1.forward(
            memory[at.input], rows: rows, to: memory[at.norm1.output], mean: memory[at.norm1.mean],
            inverseDeviation: memory[at.norm1.inverseDeviation], pass)
        queryKeyValue.forward(memory[at.norm1.output], rows: rows, to: memory[at.queryKeyValue], pass)
        attention.forward(
            chunk, queryKeyValue: memory[at.queryKeyValue], to: memory[at.attended], logSums: memory[at.logSums], pass)
        projection.forward(
            memory[at.attended], rows: rows, to: memory[at.middle], adding: memory[at.input], pass)
        norm2.forward(
            memory[at.middle], rows: rows, to: memory[at.norm2.output], mean: memory[at.norm2.mean],
            inverseDeviation: memory[at.norm2.inverseDeviation], pass)
        expansion.forward(
            memory[at.norm2.output], rows: rows, to: memory[at.hidden], gelu: memory[at.activated], pass)
        contraction.forward(
            memory[at.activated], rows: rows, to: memory[output], adding: memory[at.middle], pass)
    }

    /// Takes the gradient of the block's output in `work[plan.dResidual]` and leaves that of its input there.
    func backward(
        _ chunk: BatchChunk, _ memory: ActivationRows, _ at: BlockActivations, work: ActivationRows,
        _ plan: BackwardPlan, gradients: MutableFloatPointer, _ pass: Pass
    ) {
        backwardFeedforward(chunk.rows, memory, at, work, plan, gradients, pass)
        backwardAttention(chunk, memory, at, work, plan, gradients, pass)
    }

    private func backwardFeedforward(
        _ rows: Int, _ memory: ActivationRows, _ at: BlockActivations, _ work: ActivationRows, _ plan: BackwardPlan,
        _ gradients: MutableFloatPointer, _ pass: Pass
    ) {
        let dResidual = work[plan.dResidual]
        contraction.backwardWeight(memory[at.activated], dResidual, rows: rows, gradients: gradients, pass)
        contraction.backwardInput(
            dResidual, rows: rows, to: work[plan.dHidden], preactivations: memory[at.hidden], pass)
        expansion.backwardWeight(memory[at.norm2.output], work[plan.dHidden], rows: rows, gradients: gradients, pass)
        expansion.backwardInput(work[plan.dHidden], rows: rows, to: work[plan.dNorm], pass)
        norm2.backward(
            work[plan.dNorm], input: memory[at.middle], rows: rows, mean: memory[at.norm2.mean],
            inverseDeviation: memory[at.norm2.inverseDeviation], to: dResidual, gradients: gradients,
            partials: work[plan.normPartials], pass)
    }

    private func backwardAttention(
        _ chunk: BatchChunk, _ memory: ActivationRows, _ at: BlockActivations, _ work: ActivationRows,
        _ plan: BackwardPlan, _ gradients: MutableFloatPointer, _ pass: Pass
    ) {
        let rows = chunk.rows
        let dResidual = work[plan.dResidual]
        projection.backwardWeight(memory[at.attended], dResidual, rows: rows, gradients: gradients, pass)
        projection.backwardInput(dResidual, rows: rows, to: work[plan.dAttended], pass)
        attention.backward(
            chunk, dOutput: work[plan.dAttended], queryKeyValue: memory[at.queryKeyValue],
            output: memory[at.attended], logSums: memory[at.logSums], to: work[plan.dQueryKeyValue], pass)
        queryKeyValue.backwardWeight(
            memory[at.norm1.output], work[plan.dQueryKeyValue], rows: rows, gradients: gradients, pass)
        queryKeyValue.backwardInput(work[plan.dQueryKeyValue], rows: rows, to: work[plan.dNorm], pass)
        norm1.backward(
            work[plan.dNorm], input: memory[at.input], rows: rows, mean: memory[at.norm1.mean],
            inverseDeviation: memory[at.norm1.inverseDeviation], to: dResidual, gradients: gradients,
            partials: work[plan.normPartials], pass)
    }
}

/// Finds the tensors of a table that the model's own spec listed.
struct ParameterLookup {
    let table: ParameterTable

    func parameter(_ name: String) -> Parameter {
        guard let parameter = table[name] else {
            preconditionFailure("The model's own parameter table lacks \(name).")
        }
        return parameter
    }

    func norm(_ name: String, epsilon: Float) -> LayerNorm {
        LayerNorm(gain: parameter("\(name).weight"), shift: parameter("\(name).bias"), epsilon: epsilon)
    }

    func linear(_ name: String, layout: inout PackedLayout) -> Linear {
        Linear(parameter("\(name).weight"), bias: parameter("\(name).bias"), layout: &layout)
    }
}
