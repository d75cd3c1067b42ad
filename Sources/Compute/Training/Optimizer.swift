internal import CKernels

/// Turns summed gradients into new weights: loss scale, global clip, the rule and its state, decay, and the policy for
/// updates that are not finite.
///
/// Works on blocks of the arenas, so an update is one sweep over memory whatever the number of tensors, bit-equal
/// whatever the number of threads. Holds neither the weights nor the model: any arena laid out by its table will do.
package final class Optimizer {
    package let options: OptimizerOptions
    /// Sums of gradients, times the loss scale; laid out by the table.
    package let gradients: Arena
    package let state: OptimizerState
    /// Updates applied so far; the next one uses the schedule's rate of `updateCount + 1`.
    package var updateCount = 0
    package private(set) var scaler: LossScaler?
    package private(set) var nonFiniteGuard: NonFiniteGuard

    private struct Block {
        let range: Range<Int>
        let decay: DecayMode
    }

    private let blocks: [Block]
    private let pool: ThreadPool

    /// - Throws: `.outOfResources` when gradients and state do not fit.
    package init(table: ParameterTable, options: OptimizerOptions, pool: ThreadPool) throws(ComputeError) {
        self.options = options
        self.pool = pool
        gradients = try Arena(count: table.count)
        state = try OptimizerState(kind: options.kind, count: table.count)
        scaler = options.lossScaling.map { LossScaler(options: $0) }
        nonFiniteGuard = NonFiniteGuard(policy: options.nonFinitePolicy)
        blocks = table.parameters.filter(\.isTrained).flatMap { parameter in
            let decay: DecayMode = options.decays(parameter) ? .decayed : .plain
            let range = parameter.range
            return stride(from: range.lowerBound, to: range.upperBound, by: Optimizer.blockFloats).map {
                Block(range: $0..<min($0 + Optimizer.blockFloats, range.upperBound), decay: decay)
            }
        }
    }

    /// What every coefficient of the loss is multiplied by before the backward pass.
    package var lossScale: Float { scaler?.scale ?? 1 }

    /// Sets the gradients to zero.
    package func clearGradients() {
        forEachBlock { block in
            (gradients.base + block.range.lowerBound).update(repeating: 0, count: block.range.count)
        }
    }

    /// Euclidean norm of all gradients together, as summed; not finite if one of them is not.
    package func gradientNorm() -> Float {
        var squares = [Double](repeating: 0, count: blocks.count)
        squares.withUnsafeMutableBufferPointer { squares in
            pool.parallelFor(count: blocks.count, minimum: 1) { chunk, _ in
                for index in chunk {
                    let range = blocks[index].range
                    squares[index] = kernels_sum_of_squares(gradients.base + range.lowerBound, range.count)
                }
            }
        }
        // In block order, so that the sum does not depend on the threads.
        return Float(squares.reduce(0, +).squareRoot())
    }

    /// Ends an update: looks at the gradients, and unless they or the loss are not finite applies them to the weights
    /// that `changing` hands over.
    /// - Throws: `.notFinite` where the policy ends training; the weights and the state are then as before.
    package func update(
        loss: LossState, changing: (_ change: (Arena) -> Void) -> Void
    ) throws(ComputeError) -> UpdateStatistics {
        let scale = lossScale
        let summedNorm = gradientNorm()
        let norm = summedNorm / scale
        let skip = judge(loss, norm: summedNorm)
        let statistics = UpdateStatistics(
            gradientNorm: norm, learningRate: options.schedule.rate(ofUpdate: updateCount + 1), lossScale: scale,
            skip: skip)
        if case .stop = nonFiniteGuard.record(skip), let skip {
            throw ComputeError.diverged(skip, update: updateCount + 1, skipped: nonFiniteGuard.skipped)
        }
        guard skip == nil else { return statistics }
        updateCount += 1
        // No quotient where nothing is clipped: an infinite limit would divide by itself.
        let factor = (norm > options.clipNorm ? options.clipNorm / norm : 1) / scale
        let step = OptimizerStep(
            options, rate: statistics.learningRate, update: updateCount, gradientFactor: factor)
        changing { apply(step, to: $0) }
        return statistics
    }

    /// Tells the scaler, and says why the update cannot be applied; nil if it can.
    private func judge(_ loss: LossState, norm: Float) -> SkipReason? {
        guard loss == .finite else { return .loss }
        guard !norm.isFinite else {
            scaler?.recordGood()
            return nil
        }
        switch scaler?.recordOverflow() {
        case .expected: return .lossScale
        case .atFloor, nil: return .gradient
        }
    }

    private func apply(_ step: OptimizerStep, to weights: Arena) {
        forEachBlock { block in
            let first = block.range.lowerBound
            step.run(
                weights.base + first, gradients: gradients.base + first,
                moments: state.moments.map { $0.arena.base + first }, count: block.range.count, decay: block.decay)
        }
    }

    private func forEachBlock(_ body: (Block) -> Void) {
        pool.parallelFor(count: blocks.count, minimum: 1) { chunk, _ in
            for block in blocks[chunk] { body(block) }
        }
    }

    private static let blockFloats = 1 << 15
}

// MARK: - Saving and going on

extension Optimizer {
    private static let totalKey = "skipped_updates"
    private static let rowKey = "skipped_updates_in_row"

    /// What a checkpoint keeps besides the moments and the count of updates: scaler and skip counts, as words.
    package var savedValues: [String: String] {
        var values = scaler?.state.values ?? [:]
        values[Self.totalKey] = "\(nonFiniteGuard.skipped.total)"
        values[Self.rowKey] = "\(nonFiniteGuard.skipped.inRow)"
        return values
    }

    /// Goes on where a checkpoint of the same kind stood. What an older checkpoint does not say stays as it is.
    package func restore(_ other: OptimizerState, updateCount: Int, values: [String: String]) {
        state.copy(from: other)
        self.updateCount = updateCount
        if let options = scaler?.options, let saved = LossScaler.State(values: values) {
            scaler = LossScaler(options: options, restoring: saved)
        }
        var skipped = SkipCount()
        skipped.total = values[Self.totalKey].flatMap { Int($0) } ?? 0
        skipped.inRow = values[Self.rowKey].flatMap { Int($0) } ?? 0
        nonFiniteGuard = NonFiniteGuard(policy: options.nonFinitePolicy, skipped: skipped)
    }
}
