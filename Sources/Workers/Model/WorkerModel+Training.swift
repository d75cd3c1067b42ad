package import Compute
import Protocol

/// What one optimizer update did.
package struct ModelUpdate: Sendable, Equatable {
    /// The loss that was followed, of all micro-batches together.
    package let loss: Double
    package let statistics: ObjectiveStatistics
    /// 0 for an update that was left out.
    package let gradientNorm: Double
    package let learningRate: Double
}

extension WorkerModel {
    /// One optimizer update over all `sequences`, cut into micro-batches as the call says, for a loss that depends on
    /// what the model says; a policy's, so nothing is dropped.
    ///
    /// `weights` says how much of each sequence its loss counts: its tokens, usually. Logits are divided by
    /// `temperature` before anything else is done with them. `objective` gets the indices of a micro-batch's sequences and their
    /// outputs, entropies among them, and gives the loss with one coefficient for each predicted token, sequence after
    /// sequence.
    /// - Throws: `ComputeError` where nothing counts, `WorkerError` where the loss or the gradients are not finite and the
    ///   optimizer's policy is to stop: the weights are as before.
    package func train(
        _ sequences: [[Int32]], weights: [Double], _ context: CallContext,
        mean: GradientAccumulation.Mean = .tokenWeighted, temperature: Float = 1,
        objective: ([Int], SequenceOutputs) throws -> MicroBatchLoss
    ) throws -> ModelUpdate {
        let engine = try requireEngine()
        var batch = try TrainingBatch(sequences, weights: weights, mean, context)
        return try finish(&batch, context) { batch in
            try engine.trainBatch(
                batch.parts, entropy: .compute, temperature: temperature, accumulation: batch.accumulation
            ) { index, outputs in
                context.progress()
                let result = try objective(batch.groups[index], SequenceOutputs(outputs, batch.parts[index]))
                batch.add(result)
                return batch.padded(result.coefficients, of: index)
            }
        }
    }

    /// The same for a loss whose coefficients are known before the model speaks, as in supervised training, with
    /// dropout: forward and backward pass go through the batch together, which keeps activations of one chunk a thread
    /// only.
    ///
    /// `coefficients` gets the indices of a micro-batch's sequences, as `measure` does, whose own coefficients are not
    /// looked at.
    package func train(
        _ sequences: [[Int32]], weights: [Double], _ context: CallContext,
        mean: GradientAccumulation.Mean = .tokenWeighted, coefficients: ([Int]) -> [Float],
        measure: ([Int], SequenceOutputs) throws -> MicroBatchLoss
    ) throws -> ModelUpdate {
        let engine = try requireEngine()
        var batch = try TrainingBatch(sequences, weights: weights, mean, context)
        let known = batch.groups.indices.map { batch.padded(coefficients(batch.groups[$0]), of: $0) }
        return try finish(&batch, context) { batch in
            try engine.trainBatch(
                batch.parts, coefficients: known, dropout: .active, accumulation: batch.accumulation
            ) { index, outputs in
                context.progress()
                batch.add(try measure(batch.groups[index], SequenceOutputs(outputs, batch.parts[index])))
            }
        }
    }

    private func finish(
        _ batch: inout TrainingBatch, _ context: CallContext,
        _ update: (inout TrainingBatch) throws -> UpdateStatistics
    ) throws -> ModelUpdate {
        let statistics: UpdateStatistics
        do {
            statistics = try update(&batch)
        } catch let error as ComputeError where error.code == .notFinite {
            throw WorkerError(
                .request, "the gradients of model '\(name)' are not finite at step \(context.step)",
                detail: batch.notFinite ?? "",
                hint: "lower the learning rate; a resume goes on from the newest checkpoint, where one was saved")
        }
        if statistics.isApplied { weightVersion = weightVersion.next }
        // A loss scale that was too high is lower now: nothing that a person need hear of.
        if let reason = statistics.skip, reason != .lossScale { remark(reason, batch.notFinite, context) }
        return ModelUpdate(
            loss: batch.accumulation.loss(of: batch.losses), statistics: batch.statistics,
            gradientNorm: statistics.isApplied ? Double(statistics.gradientNorm) : 0,
            learningRate: Double(statistics.learningRate))
    }

    private func remark(_ reason: SkipReason, _ detail: String?, _ context: CallContext) {
        let part = reason == .loss ? "loss is" : "gradients are"
        let place = detail.map { " (\($0))" } ?? ""
        remarks.append("an update of step \(context.step) was left out: its \(part) not finite\(place)")
    }
}

/// A batch cut into micro-batches, and what was measured of them.
private struct TrainingBatch {
    /// Indices of the sequences of each micro-batch.
    let groups: [[Int]]
    let parts: [PackedBatch]
    let accumulation: GradientAccumulation
    private let lengths: [Int]
    private(set) var losses: [Double] = []
    private(set) var statistics = ObjectiveStatistics()
    private(set) var notFinite: String?

    init(
        _ sequences: [[Int32]], weights: [Double], _ mean: GradientAccumulation.Mean, _ context: CallContext
    ) throws {
        lengths = sequences.map(\.count)
        let groups = try MicroBatches.split(lengths, by: context.microBatches)
        accumulation = try GradientAccumulation(
            weights: groups.map { Float($0.reduce(0) { $0 + weights[$1] }) }, mean: mean)
        parts = groups.map { group in PackedBatch(sequences: group.map { sequences[$0] }) }
        self.groups = groups
    }

    mutating func add(_ result: MicroBatchLoss) {
        losses.append(result.loss)
        statistics.merge(result.statistics)
        notFinite = notFinite ?? result.notFinite
    }

    /// Puts a zero behind each sequence's coefficients, for the position that predicts nothing.
    func padded(_ coefficients: [Float], of index: Int) -> [Float] {
        var padded: [Float] = [], start = 0
        for length in groups[index].map({ lengths[$0] }) where length > 0 {
            padded += coefficients[start..<start + length - 1]
            padded.append(0)
            start += length - 1
        }
        return padded
    }
}
