/// The layers of a GPT-2 style model, put together from its spec. Holds no memory: weights, activations and gradients
/// are passed in.
struct Transformer {
    let spec: ModelSpec
    /// Floats of packed weights a pass needs.
    let packedCount: Int
    private let embedding: Embedding
    private let blocks: [Block]
    private let finalNorm: LayerNorm
    private let head: LanguageModelHead

    init(spec: ModelSpec, table: ParameterTable) {
        let lookup = ParameterLookup(table: table)
        var layout = PackedLayout()
        let tokens = lookup.parameter("transformer.wte.weight")
        self.spec = spec
        embedding = Embedding(tokens: tokens, positions: lookup.parameter("transformer.wpe.weight"))
        blocks = (0..<spec.layers).map { Block(layer: $0, spec: spec, lookup: lookup, layout: &layout) }
        finalNorm = lookup.norm("transformer.ln_f", epsilon: spec.normEpsilon)
        head = LanguageModelHead(tokens, layout: &layout)
        packedCount = layout.count
    }

    func packForForward(_ pass: Pass) {
        for block in blocks { block.packForForward(pass) }
        head.packForForward(pass)
    }

    func packForBackward(_ pass: Pass) {
        for block in blocks { block.packForBackward(pass) }
        head.packForBackward(pass)
    }

    /// Floats of scratch a lane needs for segments of at most `length` tokens.
    func scratchCount(length: Int) -> Int {
        let attention = blocks.first?.scratchCount(length: length) ?? 0
        return (max(attention, head.scratchCount) + 15) / 16 * 16
    }

    /// Gradients with respect to activations, for chunks of at most `rows` rows.
    func backwardPlan(rows: Int) -> BackwardPlan {
        BackwardPlan(
            spec: spec, rows: rows, logits: head.groupCount(rows: rows), partials: finalNorm.partialCount(rows: rows))
    }

    /// Runs one chunk up to its log-probabilities, one a row.
    func forward(
        _ chunk: BatchChunk, _ memory: ActivationRows, _ plan: ActivationPlan, logProbabilities: MutableFloatPointer,
        entropies: MutableFloatPointer?, _ pass: Pass
    ) {
        let first = plan.blocks.first?.input ?? plan.output
        embedding.forward(chunk, to: memory[first], pass)
        for (index, block) in blocks.enumerated() {
            block.forward(chunk, memory, plan.blocks[index], output: plan.output(ofBlock: index), pass)
        }
        finalNorm.forward(
            memory[plan.output], rows: chunk.rows, to: memory[plan.finalNorm.output],
            mean: memory[plan.finalNorm.mean], inverseDeviation: memory[plan.finalNorm.inverseDeviation], pass)
        head.forward(
            chunk, memory[plan.finalNorm.output], logSums: memory[plan.headLogSums],
            logProbabilities: logProbabilities, entropies: entropies, pass)
    }

    /// Adds the gradients of the sum of coefficient * (-log-probability) over the chunk's rows.
    func backward(
        _ chunk: BatchChunk, _ memory: ActivationRows, _ plan: ActivationPlan, coefficients: FloatPointer,
        work: ActivationRows, _ backwardPlan: BackwardPlan, gradients: MutableFloatPointer, _ pass: Pass
    ) {
        let dResidual = work[backwardPlan.dResidual]
        head.backward(
            chunk, memory[plan.finalNorm.output], logSums: memory[plan.headLogSums], coefficients: coefficients,
            to: work[backwardPlan.dNorm], dLogits: work[backwardPlan.dLogits], gradients: gradients, pass)
        dResidual.update(repeating: 0, count: chunk.rows * spec.width)
        finalNorm.backward(
            work[backwardPlan.dNorm], input: memory[plan.output], rows: chunk.rows, mean: memory[plan.finalNorm.mean],
            inverseDeviation: memory[plan.finalNorm.inverseDeviation], to: dResidual, gradients: gradients,
            partials: work[backwardPlan.normPartials], pass)
        for (index, block) in blocks.enumerated().reversed() {
            block.backward(
                chunk, memory, plan.blocks[index], work: work, backwardPlan, gradients: gradients, pass)
        }
        embedding.backward(chunk, dResidual, gradients: gradients, pass)
    }
}
