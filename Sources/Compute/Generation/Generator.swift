/// Writes answers to prompts with a model's present weights.
///
/// Not for two threads at once: it works on the model's thread pool. Memory for keys and values stays with it for the
/// next call, so keep it as long as there are answers to write.
package final class Generator {
    private let model: LanguageModel
    private let withoutText: [Int32]
    private var memory: PageMemory?

    /// - Parameter withoutText: tokens that are never drawn, as they stand for nothing; not all of the model's.
    package init(model: LanguageModel, withoutText: [Int32] = []) {
        self.model = model
        self.withoutText = withoutText
    }

    /// Answers every prompt `samplesPerPrompt` times; the result is ordered by prompt, then sample.
    ///
    /// The answers depend on the weights, the prompts' numbers and the seed, not on slots, threads or pages. `limits`,
    /// where given, takes the place of `maxNewTokens` for each prompt. `progress` is called after every pass with the
    /// tokens drawn so far.
    /// Throws `invalidBatch` for a prompt that is empty, leaves no room in the context or holds an unknown token, and
    /// for options that contradict themselves; `notFinite` when the model's output is not finite; `outOfResources`.
    package func generate(
        prompts: [[Int32]], options: GenerationOptions, limits: [Int]? = nil, seed: UInt64,
        progress: ((_ tokensDone: Int) -> Void)? = nil,
    ) throws(ComputeError) -> [GeneratedSequence] {
        let spec = model.spec
        try options.check(prompts: prompts, limits: limits, spec: spec)
        let context = spec.generationContext
        let limits = limits ?? Array(repeating: options.maxNewTokens, count: prompts.count)
        // The last token drawn is never run, so its position needs no place.
        let lengths = zip(prompts, limits).map { min(context, $0.count + min($1, context) - 1) }
        guard let longest = lengths.max() else { return [] }
        let memory = self.memory(options.cache)
        let slots = min(options.slots, prompts.count * options.samplesPerPrompt)
        let cache = KeyValueCache(
            memory: memory, slots: slots, capacity: longest, pages: options.cache.byteLimit / memory.layout.pageBytes)
        let modelPass = try model.passForDecoding(length: longest)
        guard let weights = DecodeWeights(model.transformer, modelPass) else {
            throw ComputeError(
                .invalidBatch, summary: "A model with a value head writes no answers.",
                detail: "Its head gives one number a token.", hint: "Generate with the actor.")
        }
        let pass = try DecodePass(spec: spec, weights: weights, pool: model.pool, cache: cache)
        var run = GenerationRun(
            prompts: prompts, limits: limits, options: options, seed: seed, spec: spec, pass: pass, pool: model.pool,
            withoutText: withoutText)
        while !run.isFinished {
            try run.step()
            progress?(run.tokensDone)
        }
        return run.answers
    }

    private func memory(_ options: CacheOptions) -> PageMemory {
        let layout = CacheLayout(spec: model.spec, options: options)
        if let memory, memory.layout == layout { return memory }
        let new = PageMemory(layout: layout)
        memory = new
        return new
    }
}
