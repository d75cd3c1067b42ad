internal import CKernels

extension LanguageModel {
    /// Adds to `gradients` those of the sum over positions of coefficient * (-log-probability of the target), or of
    /// coefficient * value, for the batch of the last `forward`. Coefficients of positions without a target do not count.
    /// - Throws: `.invalidState` without a forward pass before it, `.invalidBatch` for a wrong number of coefficients.
    package func backward(coefficients: [Float], into gradients: Arena) throws(ComputeError) {
        guard let trace else {
            throw ComputeError(
                .invalidState, summary: "There is no forward pass to differentiate.",
                detail: "A backward pass uses up the activations of the forward pass before it.",
                hint: "Call forward first.")
        }
        try check(coefficients, trace.batch)
        self.trace = nil
        let plan = try prepareBackward(trace.split, gradients)
        let base = memory.activations.base, work = memory.work.base
        coefficients.withUnsafeBufferPointer { coefficients in
            guard let first = coefficients.baseAddress else { return }
            addGradients(trace.batch, trace.split, trace.logits, trace.options, to: gradients) {
                chunk, lane, sum, pass in
                transformer.backward(
                    chunk,
                    ActivationRows(base: base, row: chunk.start, laneRow: lane * trace.split.longestChunk), trace.plan,
                    coefficients: first + chunk.start, work: ActivationRows(base: work + lane * plan.count, row: 0),
                    plan, gradients: sum, pass)
            }
        }
    }

    /// `forward` and `backward` of each chunk in one go, for losses whose coefficients are known beforehand: activations
    /// of one chunk a lane instead of the whole batch's, and no logits computed twice. Returns what `forward` does.
    /// - Throws: `.invalidBatch`, `.outOfResources`.
    package func accumulate(
        _ batch: PackedBatch, _ options: ForwardOptions = .standard, coefficients: [Float], into gradients: Arena
    ) throws(ComputeError) -> TokenOutputs {
        try check(coefficients, batch)
        let split = try prepare(batch, options)
        let laneRows = lanes(split) * split.longestChunk
        let plan = ActivationPlan(spec: spec, rows: laneRows, retention: retention(laneRows: laneRows))
        let logits = logitsPlan(batch, split, .chunk)
        try reserve(plan, logits)
        let backwardPlan = try prepareBackward(split, gradients)
        let base = memory.activations.base, work = memory.work.base
        var outputs = TokenOutputs(count: batch.tokens.count, head: spec.head, entropy: options.entropy)
        outputs.withPointers { output, entropies in
            coefficients.withUnsafeBufferPointer { coefficients in
                guard let first = coefficients.baseAddress else { return }
                addGradients(batch, split, logits, options, to: gradients) { chunk, lane, sum, pass in
                    let laneRow = lane * split.longestChunk
                    let rows = ActivationRows(base: base, row: laneRow, laneRow: laneRow)
                    transformer.forward(
                        chunk, rows, plan,
                        to: .tokens(output + chunk.start, entropies: entropies.map { $0 + chunk.start }), pass)
                    transformer.backward(
                        chunk, rows, plan, coefficients: first + chunk.start,
                        work: ActivationRows(base: work + lane * backwardPlan.count, row: 0), backwardPlan,
                        gradients: sum, pass)
                }
            }
        }
        return outputs
    }

    private func check(_ coefficients: [Float], _ batch: PackedBatch) throws(ComputeError) {
        if coefficients.count == batch.tokens.count { return }
        throw ComputeError(
            .invalidBatch, summary: "The loss does not fit the batch.",
            detail: "\(coefficients.count) coefficients for \(batch.tokens.count) positions.",
            hint: "Return one coefficient for every position.")
    }

    /// Memory and packed weights of a backward pass.
    private func prepareBackward(_ split: BatchSplit, _ gradients: Arena) throws(ComputeError) -> BackwardPlan {
        precondition(gradients.count == table.count, "Gradients are laid out by the model's table.")
        let plan = transformer.backwardPlan(rows: split.longestChunk)
        try Arena.reserve(&memory.work, lanes(split) * plan.count)
        if case .chunks(let lanes) = split.sharing { try Arena.reserve(&memory.laneGradients, lanes * table.count) }
        if !isPackedForBackward {
            transformer.packForBackward(packingPass)
            isPackedForBackward = true
        }
        return plan
    }

    /// Calls `body(chunk, lane, sum, pass)` for every chunk, which adds its gradients to `sum`; adds all sums to
    /// `gradients`. Where chunks are claimed, they are summed in lanes, each in chunk order, then the lanes in theirs.
    private func addGradients(
        _ batch: PackedBatch, _ split: BatchSplit, _ logits: LogitsPlan, _ options: ForwardOptions,
        to gradients: Arena, _ body: (BatchChunk, Int, MutableFloatPointer, Pass) -> Void
    ) {
        batch.withChunks(split.chunks, firstPosition: firstPosition) { chunks in
            switch split.sharing {
            case .ops:
                for chunk in chunks { body(chunk, 0, gradients.base, sharedPass(chunk, logits, options)) }
            case .chunks(let lanes):
                let sums = memory.laneGradients.base, count = table.count
                pool.parallelFor(count: lanes, grain: 1) { range, lane in
                    for gradientLane in range {
                        let sum = sums + gradientLane * count
                        sum.update(repeating: 0, count: count)
                        for index in stride(from: gradientLane, to: chunks.count, by: lanes) {
                            body(chunks[index], lane, sum, claimedPass(chunks[index], lane: lane, logits, options))
                        }
                    }
                }
                addLanes(sums, lanes, to: gradients)
            }
        }
    }

    private func addLanes(_ sums: MutableFloatPointer, _ lanes: Int, to gradients: Arena) {
        pool.parallelFor(count: table.count, minimum: 4096) { range, _ in
            for gradientLane in 0..<lanes {
                kernels_add(
                    sums + gradientLane * table.count + range.lowerBound, range.count,
                    gradients.base + range.lowerBound)
            }
        }
    }
}
