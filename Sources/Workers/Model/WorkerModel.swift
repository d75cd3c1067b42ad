package import Compute
package import Protocol

/// One model on a model worker: its tokenizer and, unless it is a rule, its weights, optimizer and generator.
///
/// Confined to the worker's thread. Interfaces train, score and generate through it and never see arenas.
package final class WorkerModel {
    package let name: ModelName
    package let tokenizer: any Tokenizer
    /// The trial-wide step whose update made the weights.
    package var weightVersion: UInt64 = 0
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
        generator = Generator(model: model)
        engine = try optimizer.map { try TrainEngine(model: model, options: $0, dropoutSeed: seed) }
    }

    /// What a person who chose the model's precision should know; nil where there is nothing to say.
    package var note: String? { language?.options.precision.note }

    private func requireLanguage() throws -> LanguageModel { try required(language) }
    private func requireGenerator() throws -> Generator { try required(generator) }

    private func required<Part>(_ part: Part?) throws -> Part {
        guard let part else { throw WorkerError(.plan, "model '\(name)' has no parameters, so it cannot compute") }
        return part
    }

    private func requireEngine() throws -> TrainEngine {
        guard let engine else { throw WorkerError(.plan, "model '\(name)' has no optimizer, so it cannot train") }
        return engine
    }
}

// MARK: - What interfaces use

/// What the model says about some sequences of a batch; each slice is one shorter than its sequence.
package struct SequenceOutputs {
    package let logProbabilities: [ArraySlice<Float>]
    package let entropies: [ArraySlice<Float>]
}

/// What one optimizer update did.
package struct ModelUpdate: Sendable, Equatable {
    /// The loss that was followed, of all micro-batches together.
    package let loss: Double
    package let statistics: ObjectiveStatistics
    package let gradientNorm: Double
    package let learningRate: Double
}

extension WorkerModel {
    /// One optimizer update over all `sequences`, cut into micro-batches as the call says.
    ///
    /// `weights` says how much of each sequence its loss counts: its tokens, usually. `objective` gets the indices of a
    /// micro-batch's sequences and their outputs, and gives the loss with one coefficient for each predicted token,
    /// sequence after sequence. Entropies are there for those who ask.
    /// - Throws: `ComputeError` where nothing counts, `WorkerError` where the loss or the gradients are not finite: the weights
    ///   are as before, and going on is of no use.
    package func train(
        _ sequences: [[Int32]], weights: [Double], _ context: CallContext,
        mean: GradientAccumulation.Mean = .tokenWeighted, dropout: DropoutMode = .inactive,
        entropy: EntropyMode = .compute,
        objective: ([Int], SequenceOutputs) throws -> MicroBatchLoss
    ) throws -> ModelUpdate {
        let engine = try requireEngine()
        let groups = try MicroBatches.split(sequences.map(\.count), by: context.microBatches)
        let accumulation = try GradientAccumulation(
            weights: groups.map { Float($0.reduce(0) { $0 + weights[$1] }) }, mean: mean)
        let batches = groups.map { group in PackedBatch(sequences: group.map { sequences[$0] }) }
        var losses: [Double] = [], merged = ObjectiveStatistics(), notFinite: String?
        let statistics = try engine.trainBatch(
            batches, entropy: entropy, dropout: dropout, accumulation: accumulation
        ) { index, outputs in
            context.progress()
            let result = try objective(groups[index], Self.cut(outputs, batches[index]))
            losses.append(result.loss)
            merged.merge(result.statistics)
            notFinite = notFinite ?? result.notFinite
            return Self.padded(result.coefficients, groups[index].map { sequences[$0].count })
        }
        // A loss scale that was too high is lower now, and the next batch goes on.
        guard statistics.isApplied || statistics.skip == .lossScale else {
            throw WorkerError(
                .request, "the gradients of model '\(name)' are not finite at step \(context.step)",
                detail: notFinite ?? "", hint: "lower the learning rate; the checkpoint before this step is whole")
        }
        weightVersion = context.step
        return ModelUpdate(
            loss: accumulation.loss(of: losses), statistics: merged,
            gradientNorm: statistics.isApplied ? Double(statistics.gradientNorm) : 0,
            learningRate: Double(statistics.learningRate))
    }

    /// Log-probability of every token but the first of each sequence, without keeping anything for a backward pass.
    package func score(_ sequences: [[Int32]], _ context: CallContext) throws -> [[Float]] {
        let model = try requireLanguage()
        var scored = [[Float]](repeating: [], count: sequences.count)
        for group in try MicroBatches.split(sequences.map(\.count), by: context.microBatches) {
            let batch = PackedBatch(sequences: group.map { sequences[$0] })
            let outputs = Self.cut(try model.score(batch), batch)
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

    /// Outputs by sequence, without the last position, which predicts nothing.
    private static func cut(_ outputs: TokenOutputs, _ batch: PackedBatch) -> SequenceOutputs {
        let ranges = (0..<batch.sequenceCount).map { batch.range(ofSequence: $0).dropLast() }
        return SequenceOutputs(
            logProbabilities: ranges.map { outputs.logProbabilities[$0] },
            entropies: ranges.map { outputs.entropies.isEmpty ? [] : outputs.entropies[$0] })
    }

    /// Puts a zero behind each sequence's coefficients, for the position that predicts nothing.
    private static func padded(_ coefficients: [Float], _ lengths: [Int]) -> [Float] {
        var padded: [Float] = [], start = 0
        for length in lengths where length > 0 {
            padded += coefficients[start..<start + length - 1]
            padded.append(0)
            start += length - 1
        }
        return padded
    }
}

// MARK: - Checkpoints

extension WorkerModel {
    private static let versionKey = "weight_version"

    /// Writes weights, and moments and counters where the model trains, to `folder/step-N`; returns where.
    package func save(to folder: String, step: UInt64) throws -> String {
        let state = CheckpointState(step: Int(clamping: step), values: [Self.versionKey: "\(weightVersion)"])
        let place = CheckpointFolder(path: folder)
        if let engine { return try engine.save(to: place, state: state, tokenizer: tokenizer) }
        return try requireLanguage().save(to: place, state: state, tokenizer: tokenizer)
    }

    /// Takes the weights of a checkpoint: one of ours, or a folder in Hugging Face layout.
    package func loadWeights(from path: String, layout: CheckpointLayout) throws {
        let checkpoint = try layout == .trial ? Checkpoint.open(path) : Checkpoint.openExternal(path)
        try checkVocabulary(of: checkpoint)
        try requireLanguage().loadWeights(from: checkpoint)
    }

    /// Goes on exactly where a checkpoint was made: weights, moments and the count of updates.
    package func recover(from path: String) throws {
        let checkpoint = try Checkpoint.open(path)
        try checkVocabulary(of: checkpoint)
        try requireEngine().restore(from: checkpoint)
        if let version = checkpoint.state?.values[Self.versionKey].flatMap({ UInt64($0) }) { weightVersion = version }
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
