/// Writes answers to prompts with a model's present weights.
///
/// Not for two threads at once: it works on the model's thread pool.
package final class Generator {
    private let model: LanguageModel

    /// Memory for keys and values beyond which fewer slots are used.
    private static let cacheFloats = 1 << 28

    package init(model: LanguageModel) {
        self.model = model
    }

    /// Answers every prompt `samplesPerPrompt` times; the result is ordered by prompt, then sample.
    ///
    /// The answers depend on the weights, the prompts' numbers and the seed, not on slots or threads. `progress` is
    /// called after every pass with the tokens drawn so far.
    /// Throws `invalidBatch` for a prompt that is empty, leaves no room in the context or holds an unknown token, and
    /// for options that contradict themselves; `notFinite` when the model's output is not finite.
    package func generate(
        prompts: [[Int32]], options: GenerationOptions, seed: UInt64, progress: ((_ tokensDone: Int) -> Void)? = nil,
    ) throws(ComputeError) -> [GeneratedSequence] {
        let spec = model.spec
        try options.check(prompts: prompts, spec: spec)
        guard let longest = prompts.map(\.count).max() else { return [] }
        let capacity = min(spec.contextLength, longest + min(options.maxNewTokens, spec.contextLength))
        let slotFloats = KeyValueCache.slotFloats(capacity: capacity, layers: spec.layers, width: spec.width)
        let rows = prompts.count * options.samplesPerPrompt
        let slots = max(1, min(options.slots, rows, Self.cacheFloats / slotFloats))
        let pass = try DecodePass(
            spec: spec, table: model.table, weights: model.weights, pool: model.pool, slots: slots, capacity: capacity)
        var run = GenerationRun(
            prompts: prompts, options: options, seed: seed, spec: spec, pass: pass, pool: model.pool)
        while !run.isFinished {
            try run.step()
            progress?(run.tokensDone)
        }
        return run.answers
    }
}
