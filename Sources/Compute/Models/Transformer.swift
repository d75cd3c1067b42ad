/// The layers of a model, put together from its spec. Holds no memory: weights, activations and gradients are passed in.
struct Transformer {
    let spec: ModelSpec
    /// Floats of packed weights a pass needs.
    let packedCount: Int
    let embedding: Embedding
    let blocks: [Block]
    let finalNorm: Norm
    let head: Head
    private let embeddingDropout: Dropout

    enum Head {
        case languageModel(LanguageModelHead)
        case value(ValueHead)
    }

    init(spec: ModelSpec, table: ParameterTable, options: ModelOptions = ModelOptions()) {
        let lookup = ParameterLookup(spec: spec, table: table, adapterScale: options.adapter?.scale ?? 1)
        let names = lookup.names
        // Only packed weights can be a sum with an adapter's, or rounded.
        let isAsStored = options.adapter == nil && options.precision.mode.weightFormat == .float32
        var packed = PackedLayout(weights: isAsStored ? table.count : 0)
        let tokens = lookup.parameter(names.prefix + names.tokenEmbedding + ".weight")
        self.spec = spec
        embedding = Embedding(
            tokens: tokens, positions: names.positionEmbedding.map { lookup.parameter(names.prefix + $0 + ".weight") })
        blocks = (0..<spec.layers).map { Block(layer: $0, lookup: lookup, packed: &packed) }
        finalNorm = lookup.norm(names.prefix + names.finalNorm)
        switch spec.head {
        case .languageModel:
            let own = table[TensorNames.head + ".weight"]
            head = .languageModel(LanguageModelHead(own ?? tokens, layout: &packed))
        case .value:
            head = .value(ValueHead(lookup.parameter(TensorNames.score + ".weight"), packed: &packed))
        }
        embeddingDropout = Dropout(rate: spec.dropout.embedding, place: 0)
        packedCount = packed.count
    }

    func packForForward(_ pass: Pass) {
        for block in blocks { block.packForForward(pass) }
        switch head {
        case .languageModel(let head): head.packForForward(pass)
        case .value(let head): head.packForForward(pass)
        }
    }

    func packForBackward(_ pass: Pass) {
        for block in blocks { block.packForBackward(pass) }
        switch head {
        case .languageModel(let head): head.packForBackward(pass)
        case .value(let head): head.packForBackward(pass)
        }
    }

    /// Floats of scratch a lane needs for segments of at most `length` tokens.
    func scratchCount(length: Int) -> Int {
        let count = blocks.first?.scratchCount(length: length) ?? 0
        return (count + 15) / 16 * 16
    }

    /// Gradients with respect to activations, for chunks of at most `rows` rows.
    func backwardPlan(rows: Int) -> BackwardPlan {
        BackwardPlan(spec: spec, rows: rows, partials: finalNorm.partialCount(rows: rows))
    }

    /// What the head writes, one row a token of the chunk.
    enum Output {
        /// Log-probabilities of the targets, or values; and entropies where asked for.
        case tokens(MutableFloatPointer, entropies: MutableFloatPointer?)
        /// Whole rows of logits.
        case logits(MutableFloatPointer)
    }

    /// Runs one chunk up to its output.
    func forward(
        _ chunk: BatchChunk, _ memory: ActivationRows, _ plan: ActivationPlan, to output: Output, _ pass: Pass
    ) {
        let first = memory[plan.blocks.first?.input ?? plan.output]
        embedding.forward(chunk, to: first, pass)
        pass.round(first, to: pass.formats.embedding, count: chunk.rows * spec.width)
        if embeddingDropout.isActive(pass) {
            embeddingDropout.apply(first, chunk: chunk, width: spec.width, to: first, pass)
        }
        for (index, block) in blocks.enumerated() {
            block.forward(chunk, memory, plan.blocks[index], output: plan.output(ofBlock: index), pass)
        }
        let x = memory[plan.finalNorm.output]
        finalNorm.forward(
            memory[plan.output], rows: chunk.rows, to: x, mean: memory[plan.finalNorm.mean],
            inverseDeviation: memory[plan.finalNorm.inverseDeviation], pass)
        pass.round(x, to: pass.formats.matmul, count: chunk.rows * spec.width)
        switch (head, output) {
        case (.languageModel(let head), .tokens(let logProbabilities, let entropies)):
            head.forward(
                chunk, x, logSums: memory[plan.headLogSums], logProbabilities: logProbabilities, entropies: entropies,
                pass)
        case (.languageModel(let head), .logits(let logits)): head.logits(x, rows: chunk.rows, to: logits, pass)
        case (.value(let head), .tokens(let values, _)), (.value(let head), .logits(let values)):
            head.forward(x, rows: chunk.rows, to: values, pass)
        }
    }

    /// Adds the gradients of the sum over the chunk's rows of coefficient * (-log-probability), or coefficient * value.
    func backward(
        _ chunk: BatchChunk, _ memory: ActivationRows, _ plan: ActivationPlan, coefficients: FloatPointer,
        work: ActivationRows, _ backwardPlan: BackwardPlan, gradients: MutableFloatPointer, _ pass: Pass
    ) {
        let dResidual = work[backwardPlan.dResidual], dNorm = work[backwardPlan.dNorm]
        let x = memory[plan.finalNorm.output]
        switch head {
        case .languageModel(let head):
            head.backward(
                chunk, x, logSums: memory[plan.headLogSums], coefficients: coefficients, to: dNorm,
                gradients: gradients, pass)
        case .value(let head):
            head.backward(x, coefficients: coefficients, rows: chunk.rows, to: dNorm, gradients: gradients, pass)
        }
        dResidual.update(repeating: 0, count: chunk.rows * spec.width)
        finalNorm.backward(
            dNorm, input: memory[plan.output], rows: chunk.rows, mean: memory[plan.finalNorm.mean],
            inverseDeviation: memory[plan.finalNorm.inverseDeviation], to: dResidual, gradients: gradients,
            partials: work[backwardPlan.normPartials], pass)
        for (index, block) in blocks.enumerated().reversed() {
            if case .inputs = plan.retention { block.activate(chunk, memory, plan.blocks[index], pass) }
            block.backward(
                chunk, memory, plan.blocks[index], work: work, backwardPlan, gradients: gradients, pass)
        }
        if embeddingDropout.isActive(pass) {
            embeddingDropout.apply(dResidual, chunk: chunk, width: spec.width, to: dResidual, pass)
        }
        embedding.backward(chunk, dResidual, gradients: gradients, pass)
    }
}
