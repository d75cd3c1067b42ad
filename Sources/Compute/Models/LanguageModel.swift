internal import CKernels

/// A language model with its weights and the memory to run it: log-probabilities forward, gradients backward.
///
/// Confined to one thread, which is also the one that may use its pool. Weights may be changed between calls through
/// their arena; every call packs them anew.
package final class LanguageModel {
    package let spec: ModelSpec
    package let table: ParameterTable
    /// Laid out by `table`. A replacement must have the table's count.
    package var weights: Arena
    package let pool: ThreadPool

    private let transformer: Transformer
    private var memory: ModelMemory
    /// Runs everything on the thread that calls it, and may be called from several at once.
    private let oneThread: ThreadPool
    private var trace: Trace?

    /// What a forward pass leaves for its backward pass.
    private struct Trace {
        let batch: PackedBatch
        let split: BatchSplit
        let plan: ActivationPlan
    }

    /// A model with GPT-2's random first weights; equal seeds give equal weights.
    /// - Throws: `.unsupportedModel`, or `.outOfResources` when the arenas do not fit.
    package init(spec: ModelSpec, seed: UInt64, pool: ThreadPool) throws(ComputeError) {
        try spec.validate()
        let table = spec.parameterTable()
        let transformer = Transformer(spec: spec, table: table)
        let weights = try Arena(count: table.count)
        var generator = SeededGenerator(seed: seed)
        spec.initialize(weights, table: table, generator: &generator)
        oneThread = try ThreadPool(threads: 1)
        memory = try ModelMemory(packedCount: transformer.packedCount)
        self.spec = spec
        self.table = table
        self.weights = weights
        self.pool = pool
        self.transformer = transformer
    }

    /// Log-probabilities of all targets; keeps the activations for one `backward`.
    /// - Throws: `.invalidBatch`, `.outOfResources`.
    package func forward(_ batch: PackedBatch, entropy: EntropyMode = .skip) throws(ComputeError) -> TokenOutputs {
        let split = try prepare(batch)
        let plan = ActivationPlan(spec: spec, rows: batch.tokens.count, retention: .forBackward)
        let outputs = try run(batch, split, plan, entropy)
        trace = Trace(batch: batch, split: split, plan: plan)
        return outputs
    }

    /// The same outputs without keeping anything: memory for one chunk of rows a thread, whatever the
    /// batch's size.
    /// - Throws: `.invalidBatch`, `.outOfResources`.
    package func score(_ batch: PackedBatch, entropy: EntropyMode = .skip) throws(ComputeError) -> TokenOutputs {
        let split = try prepare(batch)
        let plan = ActivationPlan(spec: spec, rows: pool.threads * split.longestChunk, retention: .none)
        return try run(batch, split, plan, entropy)
    }

    /// Adds to `gradients` those of the sum over positions of coefficient * (-log-probability of the target), for the
    /// batch of the last `forward`. Coefficients of positions without a target do not count.
    /// - Throws: `.invalidState` without a forward pass before it, `.invalidBatch` for a wrong number of coefficients.
    package func backward(coefficients: [Float], into gradients: Arena) throws(ComputeError) {
        guard let trace else {
            throw ComputeError(
                .invalidState, summary: "There is no forward pass to differentiate.",
                detail: "A backward pass uses up the activations of the forward pass before it.",
                hint: "Call forward first.")
        }
        guard coefficients.count == trace.batch.tokens.count else {
            throw ComputeError(
                .invalidBatch, summary: "The loss does not fit the batch.",
                detail: "\(coefficients.count) coefficients for \(trace.batch.tokens.count) positions.",
                hint: "Return one coefficient for every position.")
        }
        precondition(gradients.count == table.count, "Gradients are laid out by the model's table.")
        self.trace = nil
        let plan = transformer.backwardPlan(rows: trace.split.longestChunk)
        try Arena.reserve(&memory.work, pool.threads * plan.count)
        transformer.packForBackward(sharedPass)
        switch trace.split.sharing {
        case .chunks(let lanes): try backward(trace, plan, coefficients, lanes: lanes, into: gradients)
        case .ops: backward(trace, plan, coefficients, into: gradients)
        }
    }

    private func prepare(_ batch: PackedBatch) throws(ComputeError) -> BatchSplit {
        trace = nil
        try batch.validate(for: spec)
        return BatchSplit(batch, parameters: table.count, threads: pool.threads)
    }

    private func run(
        _ batch: PackedBatch, _ split: BatchSplit, _ plan: ActivationPlan, _ entropy: EntropyMode
    ) throws(ComputeError) -> TokenOutputs {
        try Arena.reserve(&memory.activations, plan.count)
        try Arena.reserve(&memory.scratch, pool.threads * scratchStride)
        transformer.packForForward(sharedPass)
        var outputs = TokenOutputs(count: batch.tokens.count, entropy: entropy)
        outputs.withPointers { logProbabilities, entropies in
            batch.withChunks(split.chunks) { chunks in
                forEach(chunks, split) { chunk, lane, pass in
                    let row = plan.retention == .forBackward ? chunk.start : lane * split.longestChunk
                    transformer.forward(
                        chunk, ActivationRows(base: memory.activations.base, row: row), plan,
                        logProbabilities: logProbabilities + chunk.start,
                        entropies: entropies.map { $0 + chunk.start }, pass)
                }
            }
        }
        return outputs
    }

    /// Calls `body(chunk, lane, pass)` for every chunk; the pass has the pool only where no chunk is claimed by a lane.
    private func forEach(
        _ chunks: [BatchChunk], _ split: BatchSplit, _ body: (BatchChunk, Int, Pass) -> Void
    ) {
        switch split.sharing {
        case .ops:
            for chunk in chunks { body(chunk, 0, sharedPass) }
        case .chunks:
            pool.parallelFor(count: chunks.count, grain: 1) { range, lane in
                for index in range { body(chunks[index], lane, claimedPass(lane: lane)) }
            }
        }
    }

    private func backward(
        _ trace: Trace, _ plan: BackwardPlan, _ coefficients: [Float], into gradients: Arena
    ) {
        trace.batch.withChunks(trace.split.chunks) { chunks in
            for chunk in chunks {
                backward(chunk, trace, plan, coefficients, lane: 0, gradients: gradients.base, sharedPass)
            }
        }
    }

    /// Sums gradients in `lanes` lanes, each in chunk order, then the lanes in theirs.
    private func backward(
        _ trace: Trace, _ plan: BackwardPlan, _ coefficients: [Float], lanes: Int, into gradients: Arena
    ) throws(ComputeError) {
        try Arena.reserve(&memory.laneGradients, lanes * table.count)
        let sums = memory.laneGradients.base
        trace.batch.withChunks(trace.split.chunks) { chunks in
            pool.parallelFor(count: lanes, grain: 1) { range, lane in
                for gradientLane in range {
                    let sum = sums + gradientLane * table.count
                    sum.update(repeating: 0, count: table.count)
                    for index in stride(from: gradientLane, to: chunks.count, by: lanes) {
                        backward(
                            chunks[index], trace, plan, coefficients, lane: lane, gradients: sum,
                            claimedPass(lane: lane))
                    }
                }
            }
        }
        pool.parallelFor(count: table.count, minimum: 4096) { range, _ in
            for gradientLane in 0..<lanes {
                kernels_add(
                    sums + gradientLane * table.count + range.lowerBound, range.count,
                    gradients.base + range.lowerBound)
            }
        }
    }

    private func backward(
        _ chunk: BatchChunk, _ trace: Trace, _ plan: BackwardPlan, _ coefficients: [Float], lane: Int,
        gradients: MutableFloatPointer, _ pass: Pass
    ) {
        coefficients.withUnsafeBufferPointer { coefficients in
            guard let first = coefficients.baseAddress else { return }
            transformer.backward(
                chunk, ActivationRows(base: memory.activations.base, row: chunk.start), trace.plan,
                coefficients: first + chunk.start,
                work: ActivationRows(base: memory.work.base + lane * plan.count, row: 0), plan,
                gradients: gradients, pass)
        }
    }

    private var scratchStride: Int { transformer.scratchCount(length: spec.contextLength) }

    /// A pass whose ops are shared by all threads.
    private var sharedPass: Pass {
        Pass(
            pool: pool, weights: weights.base, packed: memory.packed.base,
            scratch: LaneScratch(base: memory.scratch.base, stride: scratchStride))
    }

    /// A pass that runs on the one thread that holds `lane`.
    private func claimedPass(lane: Int) -> Pass {
        Pass(
            pool: oneThread, weights: weights.base, packed: memory.packed.base,
            scratch: LaneScratch(base: memory.scratch.base + lane * scratchStride, stride: 0))
    }
}

extension TokenOutputs {
    fileprivate init(count: Int, entropy: EntropyMode) {
        logProbabilities = [Float](repeating: 0, count: count)
        entropies = [Float](repeating: 0, count: entropy == .compute ? count : 0)
    }

    /// Entropies are nil when they were not asked for.
    fileprivate mutating func withPointers(_ body: (MutableFloatPointer, MutableFloatPointer?) -> Void) {
        logProbabilities.withUnsafeMutableBufferPointer { logProbabilities in
            entropies.withUnsafeMutableBufferPointer { entropies in
                guard let first = logProbabilities.baseAddress else { return }
                body(first, entropies.isEmpty ? nil : entropies.baseAddress)
            }
        }
    }
}
