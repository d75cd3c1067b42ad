/// Bytes that a model works in beside its weights, gradients and moments, by what they hold, for work of a given size.
///
/// What the passes themselves would ask for, summed without asking: to tell before a trial starts whether it fits.
package struct WorkingMemory: Sendable, Equatable {
    package fileprivate(set) var activations = 0
    package fileprivate(set) var logits = 0
    package fileprivate(set) var cache = 0

    package init() {}

    package var total: Int { activations + logits + cache }

    /// Arenas only grow: what the largest piece of work asks for.
    package func covering(_ other: WorkingMemory) -> WorkingMemory {
        var both = self
        both.activations = max(activations, other.activations)
        both.logits = max(logits, other.logits)
        both.cache = max(cache, other.cache)
        return both
    }
}

/// Sequences of one length, as a model is given them.
package struct SequenceLoad: Sendable, Equatable {
    package var sequences: Int
    /// Tokens of each.
    package var length: Int

    package init(sequences: Int, length: Int) {
        self.sequences = sequences
        self.length = length
    }

    package var tokens: Int { sequences * length }
}

extension ModelSpec {
    /// For a loss that depends on what the model says: every activation of the batch waits for its coefficients.
    package func memoryOfPolicyUpdate(
        _ load: SequenceLoad, recompute: RecomputeMode, threads: Int
    ) -> WorkingMemory {
        let lanes = laneRows(load) * threads
        let retention: ActivationPlan.Retention = recompute == .blocks ? .inputs(laneRows: lanes) : .forBackward
        return memory(
            ActivationPlan(spec: self, rows: load.tokens, retention: retention).count + backward(load) * threads,
            logitRows: load.tokens)
    }

    /// For a loss whose coefficients are known before: activations of one chunk a thread.
    package func memoryOfSupervisedUpdate(_ load: SequenceLoad, threads: Int) -> WorkingMemory {
        let chunk = ActivationPlan(spec: self, rows: laneRows(load), retention: .forBackward).count
        return memory((chunk + backward(load)) * threads, logitRows: laneRows(load) * threads)
    }

    /// For log-probabilities alone.
    package func memoryOfScoring(_ load: SequenceLoad, threads: Int) -> WorkingMemory {
        let rows = laneRows(load) * threads
        return memory(ActivationPlan(spec: self, rows: rows, retention: .none).count, logitRows: rows)
    }

    /// For answers: keys and values of as many sequences as the cache lets in at once, at least of one.
    package func memoryOfGeneration(_ load: SequenceLoad, options: CacheOptions = CacheOptions()) -> WorkingMemory {
        let layout = CacheLayout(spec: self, options: options)
        let sequence = layout.pages(for: load.length) * layout.pageBytes
        var memory = WorkingMemory()
        memory.cache = max(sequence, min(options.byteLimit, load.sequences * sequence))
        return memory
    }

    private func laneRows(_ load: SequenceLoad) -> Int { max(load.length, min(load.tokens, 256)) }

    private func backward(_ load: SequenceLoad) -> Int {
        BackwardPlan(spec: self, rows: laneRows(load), partials: 0).count
    }

    /// Rows of logits beyond what is kept are computed again, piece by piece.
    private func memory(_ activations: Int, logitRows: Int) -> WorkingMemory {
        let bytes = MemoryLayout<Float>.stride
        var memory = WorkingMemory()
        memory.activations = activations * bytes
        memory.logits = min(
            logitRows * LogitsMemory.row(vocabulary: vocabularySize) * bytes, LogitsPlan.mostKept * bytes)
        return memory
    }
}
