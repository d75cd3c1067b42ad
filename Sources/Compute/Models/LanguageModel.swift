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
    private let packed: Arena
    private var scratch: Arena
    private var activations: Arena
    private var work: Arena
    private var trace: Trace?

    /// What a forward pass leaves for its backward pass.
    private struct Trace {
        let batch: PackedBatch
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
        packed = try Arena(count: transformer.packedCount)
        scratch = try Arena(count: 0)
        activations = try Arena(count: 0)
        work = try Arena(count: 0)
        self.spec = spec
        self.table = table
        self.weights = weights
        self.pool = pool
        self.transformer = transformer
    }

    /// Log-probabilities of all targets; keeps the activations for one `backward`.
    /// - Throws: `.invalidBatch`, `.outOfResources`.
    package func forward(_ batch: PackedBatch, entropy: EntropyMode = .skip) throws(ComputeError) -> TokenOutputs {
        trace = nil
        let plan = ActivationPlan(spec: spec, rows: batch.tokens.count, retention: .forBackward)
        let outputs = try run(batch, plan, entropy)
        trace = Trace(batch: batch, plan: plan)
        return outputs
    }

    /// The same outputs without keeping anything: memory for one chunk of rows, whatever the batch's size.
    /// - Throws: `.invalidBatch`, `.outOfResources`.
    package func score(_ batch: PackedBatch, entropy: EntropyMode = .skip) throws(ComputeError) -> TokenOutputs {
        trace = nil
        let plan = ActivationPlan(spec: spec, rows: batch.longestChunk, retention: .none)
        return try run(batch, plan, entropy)
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
        let plan = transformer.backwardPlan(rows: trace.batch.longestChunk)
        try grow(&work, to: plan.count)
        self.trace = nil
        let pass = pass()
        transformer.packForBackward(pass)
        let work = ActivationRows(base: work.base, row: 0)
        coefficients.withUnsafeBufferPointer { coefficients in
            guard let coefficients = coefficients.baseAddress else { return }
            trace.batch.forEachChunk { chunk in
                transformer.backward(
                    chunk, ActivationRows(base: activations.base, row: chunk.start), trace.plan,
                    coefficients: coefficients + chunk.start, work: work, plan, gradients: gradients.base, pass)
            }
        }
    }

    private func run(
        _ batch: PackedBatch, _ plan: ActivationPlan, _ entropy: EntropyMode
    ) throws(ComputeError) -> TokenOutputs {
        try batch.validate(for: spec)
        try grow(&activations, to: plan.count)
        try grow(&scratch, to: pool.threads * transformer.scratchCount(length: spec.contextLength))
        let pass = pass()
        transformer.packForForward(pass)
        let count = batch.tokens.count
        var outputs = TokenOutputs(
            logProbabilities: [Float](repeating: 0, count: count),
            entropies: [Float](repeating: 0, count: entropy == .compute ? count : 0))
        outputs.withPointers { logProbabilities, entropies in
            batch.forEachChunk { chunk in
                let row = plan.retention == .forBackward ? chunk.start : 0
                transformer.forward(
                    chunk, ActivationRows(base: activations.base, row: row), plan,
                    logProbabilities: logProbabilities + chunk.start, entropies: entropies.map { $0 + chunk.start },
                    pass)
            }
        }
        return outputs
    }

    private func pass() -> Pass {
        Pass(
            pool: pool, weights: weights.base, packed: packed.base,
            scratch: LaneScratch(
                base: scratch.base, stride: transformer.scratchCount(length: spec.contextLength)))
    }

    /// Arenas only grow, so batches of one size allocate once.
    private func grow(_ arena: inout Arena, to count: Int) throws(ComputeError) {
        if arena.count < count { arena = try Arena(count: count) }
    }
}

extension TokenOutputs {
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
