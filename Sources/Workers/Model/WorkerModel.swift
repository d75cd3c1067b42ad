package import Compute
package import Protocol

/// One model on a model worker: its tokenizer and, unless it is a rule, its weights, optimizer and generator.
///
/// Confined to the worker's thread. Interfaces train, score and generate through it and never see arenas.
package final class WorkerModel {
    package let name: ModelName
    package let tokenizer: any Tokenizer
    /// Updates that its weights have had, those of the checkpoint it began from included.
    package internal(set) var weightVersion: WeightVersion = 0
    /// See `takeRemarks`.
    var remarks: [String] = []
    /// What interfaces keep, as JSON by name; see `InterfaceState`.
    var states: [String: String] = [:]
    private let language: LanguageModel?
    private let engine: TrainEngine?
    /// Kept, because the memory of its keys and values is.
    private let generator: Generator?

    /// A model without parameters: a rule that needs only the tokenizer.
    package init(rule name: ModelName, tokenizer: any Tokenizer) {
        self.name = name
        self.tokenizer = tokenizer
        language = nil
        engine = nil
        generator = nil
    }

    /// A language model with random weights; with an optimizer where `optimizer` is given.
    package init(
        _ name: ModelName, spec: ModelSpec, optimizer: OptimizerOptions?, tokenizer: any Tokenizer,
        seed: UInt64, pool: ThreadPool, options: ModelOptions = ModelOptions()
    ) throws {
        self.name = name
        self.tokenizer = tokenizer
        let model = try LanguageModel(spec: spec, seed: seed, pool: pool, options: options)
        language = model
        generator = Generator(
            model: model, withoutText: tokenizer.tokensWithoutText(below: spec.vocabularySize))
        engine = try optimizer.map { try TrainEngine(model: model, options: $0, dropoutSeed: seed) }
    }

    /// What a person who chose the model's precision should know; nil where there is nothing to say.
    package var note: String? { language?.options.precision.note }

    /// What a person should hear of and no number tells, since this was last asked.
    package func takeRemarks() -> [String] {
        defer { remarks = [] }
        return remarks
    }

    private func requireLanguage() throws -> LanguageModel { try required(language) }
    private func requireGenerator() throws -> Generator { try required(generator) }

    private func required<Part>(_ part: Part?) throws -> Part {
        guard let part else { throw WorkerError(.plan, "model '\(name)' has no parameters, so it cannot compute") }
        return part
    }

    func requireEngine() throws -> TrainEngine {
        guard let engine else { throw WorkerError(.plan, "model '\(name)' has no optimizer, so it cannot train") }
        return engine
    }
}

// MARK: - What interfaces use

/// What the model says about some sequences of a batch; each slice is one shorter than its sequence.
package struct SequenceOutputs {
    package let logProbabilities: [ArraySlice<Float>]
    package let entropies: [ArraySlice<Float>]

    /// Outputs by sequence, without the last position, which predicts nothing.
    init(_ outputs: TokenOutputs, _ batch: PackedBatch) {
        let ranges = (0..<batch.sequenceCount).map { batch.range(ofSequence: $0).dropLast() }
        logProbabilities = ranges.map { outputs.logProbabilities[$0] }
        entropies = ranges.map { outputs.entropies.isEmpty ? [] : outputs.entropies[$0] }
    }
}

extension WorkerModel {
    /// Log-probability of every token but the first of each sequence, without keeping anything for a backward pass;
    /// logits are divided by `temperature` first.
    package func score(
        _ sequences: [[Int32]], _ context: CallContext, temperature: Float = 1
    ) throws -> [[Float]] {
        let model = try requireLanguage()
        var scored = [[Float]](repeating: [], count: sequences.count)
        for group in try MicroBatches.split(sequences.map(\.count), by: context.microBatches) {
            let batch = PackedBatch(sequences: group.map { sequences[$0] })
            let outputs = SequenceOutputs(try model.score(batch, ForwardOptions(temperature: temperature)), batch)
            for (place, index) in group.enumerated() { scored[index] = Array(outputs.logProbabilities[place]) }
            context.progress()
        }
        return scored
    }

    /// Answers to prompts, ordered by prompt and then by sample.
    package func generate(
        _ prompts: [[Int32]], _ options: GenerationOptions, _ context: CallContext
    ) throws -> [GeneratedSequence] {
        try requireGenerator().generate(prompts: prompts, options: options, seed: context.seed) { _ in
            context.progress()
        }
    }
}

// MARK: - Checkpoints

extension WorkerModel {
    private static let versionKey = "weight_version", statePrefix = "interface/"

    private func state(ofStep step: UInt64) -> CheckpointState {
        var values = [Self.versionKey: "\(weightVersion)"]
        for (name, text) in states { values[Self.statePrefix + name] = text }
        return CheckpointState(step: Int(clamping: step), values: values)
    }

    /// What `save` would write, by reference; nil where making it takes more than that, or nothing trains.
    func content(ofStep step: UInt64) -> CheckpointContent? {
        guard let engine, language?.options.adapter == nil else { return nil }
        return try? engine.content(state(ofStep: step), tokenizer)
    }

    /// Runs `notice` each time before weights and moments change.
    func beforeChange(_ notice: @escaping () -> Void) {
        engine?.changing = { change in
            notice()
            change()
        }
    }

    /// Writes weights, and moments and counters where the model trains, to `folder/step-N`; returns where.
    package func save(to folder: String, step: UInt64) throws -> String {
        let state = state(ofStep: step)
        let place = CheckpointFolder(path: folder)
        if let engine { return try engine.save(to: place, state: state, tokenizer: tokenizer) }
        return try requireLanguage().save(to: place, state: state, tokenizer: tokenizer)
    }

    /// About how much room `save` takes.
    package var checkpointBytes: UInt64 {
        let arenas = engine.map { $0.memoryPlan.weights + $0.memoryPlan.moments }
        return UInt64(arenas ?? language.map { $0.weights.count * MemoryLayout<Float>.stride } ?? 0)
    }

    /// Takes the weights of a checkpoint: one of ours, or a folder in Hugging Face layout.
    package func loadWeights(from path: String, layout: CheckpointLayout) throws {
        let checkpoint = try layout == .trial ? Checkpoint.open(path) : Checkpoint.openExternal(path)
        try checkVocabulary(of: checkpoint)
        let report = try requireLanguage().loadWeights(from: checkpoint)
        takeVersion(of: checkpoint)
        if !report.fresh.isEmpty {
            remarks.append("\(Self.list(report.fresh)) not in \(path): random first values are kept")
        }
        if !report.passedOver.isEmpty {
            remarks.append("\(Self.list(report.passedOver)) not used: the model has no place for that of \(path)")
        }
    }

    /// The first names of a list that may be as long as the model is deep.
    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(3).joined(separator: ", ")
        return names.count > 3 ? "\(shown) and \(names.count - 3) more tensors are" : "\(shown) is"
    }

    /// Goes on exactly where a checkpoint was made: weights, moments, the count of updates and what interfaces keep.
    package func recover(from path: String) throws {
        let checkpoint = try Checkpoint.open(path)
        try checkVocabulary(of: checkpoint)
        try requireEngine().restore(from: checkpoint)
        takeVersion(of: checkpoint)
        states = [:]
        for (key, text) in checkpoint.state?.values ?? [:] where key.hasPrefix(Self.statePrefix) {
            states[String(key.dropFirst(Self.statePrefix.count))] = text
        }
    }

    /// A folder that this program did not write has no version: its weights are the first.
    private func takeVersion(of checkpoint: Checkpoint) {
        let count = checkpoint.state?.values[Self.versionKey].flatMap { UInt64($0) }
        weightVersion = count.map { WeightVersion($0) } ?? 0
    }

    private func checkVocabulary(of checkpoint: Checkpoint) throws {
        guard let other = checkpoint.tokenizer, !other.isSame(as: tokenizer) else { return }
        throw WorkerError(
            .plan, "the checkpoint \(checkpoint.path) was made with another vocabulary than the data of this trial has",
            hint: "train and evaluate on data with the same characters")
    }
}

/// Who wrote a checkpoint folder.
package enum CheckpointLayout: Sendable, Equatable {
    /// This program: it has a manifest, which is checked.
    case trial
    /// Hugging Face's layout without a manifest.
    case external
}
