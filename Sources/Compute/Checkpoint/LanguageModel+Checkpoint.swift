extension LanguageModel {
    /// Saves the weights as a checkpoint of `state.step`, without optimizer moments; returns its folder.
    @discardableResult
    package func save(
        to folder: CheckpointFolder, state: CheckpointState, tokenizer: (any Tokenizer)?,
    ) throws(ComputeError) -> String {
        try folder.save(content(optimizer: nil, state, tokenizer))
    }

    fileprivate func content(
        optimizer: OptimizerState?, _ state: CheckpointState, _ tokenizer: (any Tokenizer)?
    ) throws(ComputeError) -> CheckpointContent {
        var adapter: AdapterContent?
        if let options = options.adapter {
            let base = spec.parameterTable()
            adapter = AdapterContent(options: options, merged: try mergedWeights(laidOutBy: base), table: base)
        }
        return CheckpointContent(
            spec: spec, table: table, weights: weights, optimizer: optimizer, state: state, tokenizer: tokenizer,
            adapter: adapter, configuration: configuration)
    }

    /// Replaces the weights by a checkpoint's; they are as before when this throws.
    ///
    /// A language model's checkpoint may be read into a model with a value head, and one without an adapter into a model
    /// that has one: head and adapter keep their first weights, and the report says so. A checkpoint of a model with an
    /// adapter gives its merged weights.
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
        configuration = checkpoint.configuration.document
        return report
    }

    /// Writes the weights, an adapter merged into them, as a new Hugging Face folder at `path`, for other programs; there
    /// must be nothing there.
    package func export(
        to path: String, format: ModelExport.Format = .init(), tokenizer: (any Tokenizer)? = nil,
    ) throws(ComputeError) {
        guard options.adapter == nil else {
            return try mergingAdapter().export(to: path, format: format, tokenizer: tokenizer)
        }
        try ModelExport(
            spec: spec, table: table, weights: weights, tokenizer: tokenizer, format: format,
            configuration: configuration
        ).save(to: path)
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
    private static let dropoutKey = "dropout"

    /// Saves weights, optimizer state and update count as a checkpoint of `state.step`; returns its folder.
    ///
    /// `state.updates`, the loss scale, skip counts and dropout generator are set here: the engine knows them.
    @discardableResult
    package func save(
        to folder: CheckpointFolder, state: CheckpointState, tokenizer: (any Tokenizer)?,
    ) throws(ComputeError) -> String {
        try folder.save(content(state, tokenizer))
    }

    /// What `save` would write now: the counters as they are, and the arenas by reference. It stays what it is until the
    /// next update begins to change the weights (`changing`).
    package func content(
        _ state: CheckpointState, _ tokenizer: (any Tokenizer)?
    ) throws(ComputeError) -> CheckpointContent {
        var state = state
        state.updates = updateCount
        state.values.merge(optimizer.savedValues) { _, own in own }
        state.generators[Self.dropoutKey] = dropoutGenerator
        return try model.content(optimizer: optimizer.state, state, tokenizer)
    }

    /// Goes on where a checkpoint of this model stood, bit for bit; everything is as before when this throws.
    package func restore(from checkpoint: Checkpoint) throws(ComputeError) {
        guard let state = checkpoint.state else {
            throw ComputeError.damaged(
                checkpoint.path, "holds weights only and cannot be trained on from where it stood")
        }
        try model.checkSpec(of: checkpoint)
        let saved = try OptimizerState(kind: options.kind, count: model.table.count)
        try checkpoint.readMoments(into: saved, table: model.table)
        if model.options.adapter == nil {
            try model.loadWeights(from: checkpoint)
        } else {
            let loaded = try Arena(count: model.table.count)
            try checkpoint.readUnmerged(into: loaded, table: model.table)
            model.replaceWeights(by: loaded)
            model.configuration = checkpoint.configuration.document
        }
        optimizer.restore(saved, updateCount: state.updates, values: state.values)
        if let generator = state.generators[Self.dropoutKey] { dropoutGenerator = generator }
    }
}
