extension LanguageModel {
    /// Saves the weights as a checkpoint of `state.step`, without optimizer moments; returns its folder.
    @discardableResult
    package func save(
        to folder: CheckpointFolder, state: CheckpointState, tokenizer: CharacterTokenizer?,
    ) throws(ComputeError) -> String {
        try folder.save(
            CheckpointContent(
                spec: spec, table: table, weights: weights, optimizer: nil, state: state, tokenizer: tokenizer))
    }

    /// Replaces the weights by a checkpoint's; they are as before when this throws.
    package func loadWeights(from checkpoint: Checkpoint) throws(ComputeError) {
        try checkSpec(of: checkpoint)
        let loaded = try Arena(count: table.count)
        loaded.base.update(from: weights.base, count: table.count)
        // A base model from elsewhere has no adapter; the model's own then stays.
        var hasAdapter = options.adapter == nil
        if !hasAdapter { hasAdapter = try checkpoint.hasAdapter() }
        try checkpoint.readWeights(into: loaded, table: hasAdapter ? table : spec.parameterTable())
        replaceWeights(by: loaded)
    }

    fileprivate func checkSpec(of checkpoint: Checkpoint) throws(ComputeError) {
        if checkpoint.spec == spec { return }
        throw ComputeError(
            .unsupportedModel, summary: "The checkpoint is of another model.",
            detail: "\(checkpoint.path)\nhas \(checkpoint.spec)\nneeded \(spec)",
            hint: "Choose the checkpoint of this model, or set the model section as it was.")
    }
}

extension TrainEngine {
    private static let dropoutKey = "dropout"

    /// Saves weights, optimizer state and update count as a checkpoint of `state.step`; returns its folder.
    ///
    /// `state.updates`, the loss scale, skip counts and dropout generator are set here: the engine knows them.
    @discardableResult
    package func save(
        to folder: CheckpointFolder, state: CheckpointState, tokenizer: CharacterTokenizer?,
    ) throws(ComputeError) -> String {
        var state = state
        state.updates = updateCount
        state.values.merge(optimizer.savedValues) { _, own in own }
        state.generators[Self.dropoutKey] = dropoutGenerator
        return try folder.save(
            CheckpointContent(
                spec: model.spec, table: model.table, weights: model.weights, optimizer: optimizer.state,
                state: state, tokenizer: tokenizer))
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
        try model.loadWeights(from: checkpoint)
        optimizer.restore(saved, updateCount: state.updates, values: state.values)
        if let generator = state.generators[Self.dropoutKey] { dropoutGenerator = generator }
    }
}
