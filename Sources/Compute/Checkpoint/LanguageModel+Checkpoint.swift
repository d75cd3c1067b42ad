extension LanguageModel {
    /// Saves the weights as a checkpoint of `state.step`, without optimizer moments; returns its folder.
    @discardableResult
    package func save(
        to folder: CheckpointFolder, state: CheckpointState, tokenizer: CharacterTokenizer?,
    ) throws(ComputeError) -> String {
        try folder.save(
            CheckpointContent(
                spec: spec, table: table, weights: weights, moments: nil, state: state, tokenizer: tokenizer))
    }

    /// Replaces the weights by a checkpoint's; they are as before when this throws.
    ///
    /// A language model's checkpoint may be read into a model with a value head: the head keeps its first weights, and
    /// the report says so.
    @discardableResult
    package func loadWeights(from checkpoint: Checkpoint) throws(ComputeError) -> WeightReport {
        try checkSpec(of: checkpoint)
        let loaded = try Arena(count: table.count)
        let report = try checkpoint.readWeights(into: loaded, table: table)
        for name in report.untouched {
            guard let range = table[name]?.range else { continue }
            (loaded.base + range.lowerBound).update(from: weights.base + range.lowerBound, count: range.count)
        }
        replaceWeights(by: loaded)
        return report
    }

    /// Writes the weights as a new Hugging Face folder at `path`, for other programs; there must be nothing there.
    package func export(
        to path: String, format: ModelExport.Format = .init(), tokenizer: CharacterTokenizer? = nil,
    ) throws(ComputeError) {
        try ModelExport(spec: spec, table: table, weights: weights, tokenizer: tokenizer, format: format).save(to: path)
    }

    fileprivate func checkSpec(of checkpoint: Checkpoint) throws(ComputeError) {
        if checkpoint.spec.canBecome(spec) { return }
        throw ComputeError(
            .unsupportedModel, summary: "The checkpoint is of another model.",
            detail: "\(checkpoint.path)\nhas \(checkpoint.spec)\nneeded \(spec)",
            hint: "Choose the checkpoint of this model, or set the model section as it was.")
    }
}

extension ModelSpec {
    /// Whether weights of this model are those of `other`. Dropout is a matter of training, and a value head takes the
    /// place of any language-model head.
    fileprivate func canBecome(_ other: ModelSpec) -> Bool {
        var same = self
        same.dropout = other.dropout
        if other.head == .value { (same.head, same.headWeights) = (.value, other.headWeights) }
        return same == other
    }
}

extension TrainEngine {
    /// Saves weights, moments and update count as a checkpoint of `state.step`; returns its folder.
    ///
    /// `state.updates` is set here: the engine knows it.
    @discardableResult
    package func save(
        to folder: CheckpointFolder, state: CheckpointState, tokenizer: CharacterTokenizer?,
    ) throws(ComputeError) -> String {
        var state = state
        state.updates = updateCount
        return try folder.save(
            CheckpointContent(
                spec: model.spec, table: model.table, weights: model.weights, moments: (firstMoments, secondMoments),
                state: state, tokenizer: tokenizer))
    }

    /// Goes on where a checkpoint of this model stood, bit for bit; everything is as before when this throws.
    package func restore(from checkpoint: Checkpoint) throws(ComputeError) {
        guard let state = checkpoint.state else {
            throw ComputeError.damaged(
                checkpoint.path, "holds weights only and cannot be trained on from where it stood")
        }
        try model.checkSpec(of: checkpoint)
        let first = try Arena(count: firstMoments.count)
        let second = try Arena(count: secondMoments.count)
        try checkpoint.readMoments(first: first, second: second, table: model.table)
        try model.loadWeights(from: checkpoint)
        firstMoments.base.update(from: first.base, count: first.count)
        secondMoments.base.update(from: second.base, count: second.count)
        updateCount = state.updates
    }
}
