internal import CKernels

/// A transformer with its weights and the memory to run it: log-probabilities or values forward, gradients backward.
///
/// Confined to one thread, which is also the one that may use its pool. Weights change through `changeWeights` only, so
/// that their packed copies are made anew once for each change.
package final class LanguageModel {
    package let spec: ModelSpec
    package let options: ModelOptions
    package let table: ParameterTable
    /// Laid out by `table`; to be read here and changed through `changeWeights`.
    package private(set) var weights: Arena
    package let pool: ThreadPool
    /// The `config.json` of the folder that the weights are from, so that a checkpoint says what it says; nil for first
    /// weights.
    package internal(set) var configuration: JSONValue?

    let transformer: Transformer
    var memory: ModelMemory
    private var rotary: RotaryTable?
    private var isPackedForForward = false
    var isPackedForBackward = false
    /// Runs everything on the thread that calls it, and may be called from several at once.
    private let oneThread: ThreadPool
    var trace: Trace?

    /// What a forward pass leaves for its backward pass.
    struct Trace {
        let batch: PackedBatch
        let split: BatchSplit
        let plan: ActivationPlan
        let logits: LogitsPlan
        let options: ForwardOptions
    }

    /// A model with random first weights; equal seeds give equal weights. `table` is the spec's own unless given.
    /// - Throws: `.unsupportedModel`, or `.outOfResources` when the arenas do not fit.
    package init(
        spec: ModelSpec, table: ParameterTable? = nil, seed: UInt64, pool: ThreadPool,
        options: ModelOptions = ModelOptions()
    ) throws(ComputeError) {
        try spec.validate()
        let base = table ?? spec.parameterTable()
        var table = base
        if let adapter = options.adapter { table = try spec.parameterTable(adapter: adapter) }
        let transformer = Transformer(spec: spec, table: table, options: options)
        let weights = try Arena(count: table.count)
        var generator = SeededGenerator(seed: seed)
        spec.initialize(weights, table: base, generator: &generator)
        table.initializeAdapter(weights, generator: &generator)
        oneThread = try ThreadPool(threads: 1)
        memory = try ModelMemory(packedCount: transformer.packedCount)
        if case .rotary(let position) = spec.position {
            rotary = try RotaryTable(position, headWidth: spec.headWidth, contextLength: spec.contextLength)
        }
        self.spec = spec
        self.options = options
        self.table = table
        self.weights = weights
        self.pool = pool
        self.transformer = transformer
    }

    /// Changes the weights in place.
    package func changeWeights<Result, Fault: Error>(_ body: (Arena) throws(Fault) -> Result) throws(Fault) -> Result {
        isPackedForForward = false
        isPackedForBackward = false
        return try body(weights)
    }

    /// Takes another arena, laid out by the same table.
    package func replaceWeights(by arena: Arena) {
        precondition(arena.count == table.count, "Weights are laid out by the model's table.")
        changeWeights { _ in }
        weights = arena
    }

    /// Log-probabilities of all targets, or values; keeps the activations for one `backward`.
    /// - Throws: `.invalidBatch`, `.outOfResources`.
    package func forward(
        _ batch: PackedBatch, _ options: ForwardOptions = .standard
    ) throws(ComputeError) -> TokenOutputs {
        let split = try prepare(batch, options)
        let plan = ActivationPlan(
            spec: spec, rows: batch.tokens.count, retention: retention(laneRows: lanes(split) * split.longestChunk))
        let logits = logitsPlan(batch, split, .batch)
        let outputs = try run(batch, split, plan, logits, options)
        trace = Trace(batch: batch, split: split, plan: plan, logits: logits, options: options)
        return outputs
    }

    /// The same outputs without keeping anything: memory for one chunk of rows a thread, whatever the
    /// batch's size.
    /// - Throws: `.invalidBatch`, `.outOfResources`.
    package func score(
        _ batch: PackedBatch, _ options: ForwardOptions = .standard
    ) throws(ComputeError) -> TokenOutputs {
        let split = try prepare(batch, options)
        let plan = passingPlan(split)
        return try run(batch, split, plan, logitsPlan(batch, split, .forwardPass), options)
    }

    /// All logits, a row of the vocabulary a token (of one number, for a value head). For looking at a model and for
    /// tests: training and generation never hold them all.
    /// - Throws: `.invalidBatch`, `.outOfResources`.
    package func logits(
        _ batch: PackedBatch, _ options: ForwardOptions = .standard
    ) throws(ComputeError) -> [Float] {
        let split = try prepare(batch, options)
        let plan = passingPlan(split)
        let logitsPlan = logitsPlan(batch, split, .forwardPass)
        let width = spec.head == .value ? 1 : spec.vocabularySize
        try reserve(plan, logitsPlan)
        var logits = [Float](repeating: 0, count: batch.tokens.count * width)
        logits.withUnsafeMutableBufferPointer { logits in
            guard let first = logits.baseAddress else { return }
            forward(batch, split, plan, logitsPlan, options) { .logits(first + $0.start * width) }
        }
        return logits
    }

    /// The weights in both forms and the rotary rows of sequences of up to `length` tokens, for generation. Valid until
    /// the weights change or the model runs itself.
    /// - Throws: `.outOfResources`.
    func passForDecoding(length: Int) throws(ComputeError) -> Pass {
        try rotary?.reserve(CollectionOfOne(length))
        packForForward()
        return packingPass
    }

    func prepare(_ batch: PackedBatch, _ options: ForwardOptions) throws(ComputeError) -> BatchSplit {
        trace = nil
        try batch.validate(for: spec)
        guard options.temperature > 0, (1 / options.temperature).isFinite, options.temperature.isFinite else {
            throw ComputeError(
                .invalidBatch, summary: "A forward pass cannot divide logits by \(options.temperature).",
                detail: "A temperature is a number above 0.", hint: "Take the temperature the tokens were drawn at.")
        }
        try rotary?.reserve((0..<batch.sequenceCount).lazy.map { batch.range(ofSequence: $0).count })
        return BatchSplit(batch, parameters: table.count, threads: pool.threads)
    }

    /// Lanes that work on chunks at one time; chunks that all threads share run one after another.
    func lanes(_ split: BatchSplit) -> Int {
        if case .ops = split.sharing { return 1 }
        return pool.threads
    }

    /// What a pass keeps for the backward pass, with `laneRows` rows for what is computed again.
    func retention(laneRows: Int) -> ActivationPlan.Retention {
        switch options.recompute {
        case .none: .forBackward
        case .blocks: .inputs(laneRows: laneRows)
        }
    }

    /// A plan that keeps nothing: one chunk of rows a thread.
    private func passingPlan(_ split: BatchSplit) -> ActivationPlan {
        ActivationPlan(spec: spec, rows: pool.threads * split.longestChunk, retention: .none)
    }

    func logitsPlan(_ batch: PackedBatch, _ split: BatchSplit, _ lifetime: LogitsPlan.Lifetime) -> LogitsPlan {
        LogitsPlan(
            spec: spec, split: split, totalRows: batch.tokens.count, lifetime: lifetime, threads: pool.threads)
    }

    func reserve(_ plan: ActivationPlan, _ logits: LogitsPlan) throws(ComputeError) {
        try Arena.reserve(&memory.activations, plan.count)
        try Arena.reserve(&memory.logits, logits.count)
        try Arena.reserve(&memory.scratch, pool.threads * scratchStride)
        packForForward()
    }

    private func packForForward() {
        if isPackedForForward { return }
        transformer.packForForward(packingPass)
        isPackedForForward = true
    }

    private func run(
        _ batch: PackedBatch, _ split: BatchSplit, _ plan: ActivationPlan, _ logits: LogitsPlan,
        _ options: ForwardOptions
    ) throws(ComputeError) -> TokenOutputs {
        try reserve(plan, logits)
        var outputs = TokenOutputs(count: batch.tokens.count, head: spec.head, entropy: options.entropy)
        outputs.withPointers { first, entropies in
            forward(batch, split, plan, logits, options) { chunk in
                .tokens(first + chunk.start, entropies: entropies.map { $0 + chunk.start })
            }
        }
        return outputs
    }

    private func forward(
        _ batch: PackedBatch, _ split: BatchSplit, _ plan: ActivationPlan, _ logits: LogitsPlan,
        _ options: ForwardOptions, output: (BatchChunk) -> Transformer.Output
    ) {
        batch.withChunks(split.chunks, firstPosition: firstPosition) { chunks in
            forEach(chunks, split, logits, options) { chunk, lane, pass in
                let laneRow = lane * split.longestChunk
                let row = plan.retention == .none ? laneRow : chunk.start
                transformer.forward(
                    chunk, ActivationRows(base: memory.activations.base, row: row, laneRow: laneRow), plan,
                    to: output(chunk), pass)
            }
        }
    }

    func firstPosition(length: Int) -> Int { rotary?.firstRow(length: length) ?? 0 }

    /// Calls `body(chunk, lane, pass)` for every chunk; the pass has the pool only where no chunk is claimed by a lane.
    private func forEach(
        _ chunks: [BatchChunk], _ split: BatchSplit, _ logits: LogitsPlan, _ options: ForwardOptions,
        _ body: (BatchChunk, Int, Pass) -> Void
    ) {
        switch split.sharing {
        case .ops:
            for chunk in chunks { body(chunk, 0, sharedPass(chunk, logits, options)) }
        case .chunks:
            pool.parallelFor(count: chunks.count, grain: 1) { range, lane in
                for index in range {
                    body(chunks[index], lane, claimedPass(chunks[index], lane: lane, logits, options))
                }
            }
        }
    }

    private var scratchStride: Int { transformer.scratchCount(length: spec.contextLength) }

    /// A pass whose ops are shared by all threads.
    func sharedPass(_ chunk: BatchChunk, _ logits: LogitsPlan, _ options: ForwardOptions) -> Pass {
        pass(pool, chunk, lane: 0, stride: scratchStride, logits, options)
    }

    /// A pass that runs on the one thread that holds `lane`.
    func claimedPass(
        _ chunk: BatchChunk, lane: Int, _ logits: LogitsPlan, _ options: ForwardOptions
    ) -> Pass {
        pass(oneThread, chunk, lane: lane, stride: 0, logits, options)
    }

    private func pass(
        _ pool: ThreadPool, _ chunk: BatchChunk, lane: Int, stride: Int, _ logits: LogitsPlan,
        _ options: ForwardOptions
    ) -> Pass {
        Pass(
            pool: pool, weights: weights.base, packed: memory.packed.base,
            scratch: LaneScratch(base: memory.scratch.base + lane * scratchStride, stride: stride),
            logits: logits.memory(memory.logits.base, chunk: chunk, lane: lane), rotary: rotary?.base,
            temperature: options.temperature, dropoutSeed: options.dropoutSeed,
            formats: PassFormats(self.options.precision))
    }

    /// A pass without a batch, in which weights are packed or read for generation.
    var packingPass: Pass {
        Pass(
            pool: pool, weights: weights.base, packed: memory.packed.base,
            scratch: LaneScratch(base: memory.scratch.base, stride: 0),
            logits: LogitsMemory(base: memory.logits.base, rows: 0, row: 0, isKept: false), rotary: rotary?.base,
            formats: PassFormats(options.precision))
    }
}

extension TokenOutputs {
    init(count: Int, head: ModelSpec.Head, entropy: EntropyMode) {
        switch head {
        case .languageModel:
            logProbabilities = [Float](repeating: 0, count: count)
            if entropy == .compute { entropies = [Float](repeating: 0, count: count) }
        case .value: values = [Float](repeating: 0, count: count)
        }
    }

    /// Log-probabilities or values; entropies are nil when they were not asked for.
    mutating func withPointers(_ body: (MutableFloatPointer, MutableFloatPointer?) -> Void) {
        guard values.isEmpty else {
            values.withUnsafeMutableBufferPointer { values in
                if let first = values.baseAddress { body(first, nil) }
            }
            return
        }
        logProbabilities.withUnsafeMutableBufferPointer { logProbabilities in
            entropies.withUnsafeMutableBufferPointer { entropies in
                guard let first = logProbabilities.baseAddress else { return }
                body(first, entropies.isEmpty ? nil : entropies.baseAddress)
            }
        }
    }
}
