import Testing

@testable import Compute

@Suite struct `User-defined modules` {
    /// Two classes that a line does not part, so that the layers between must learn something.
    private static let rings: LabelledRows = {
        var random = SeededGenerator(seed: 4)
        var inputs: [Float] = [], targets: [Int32] = []
        for index in 0..<120 {
            let (x, y) = (random.normal(), random.normal())
            let scale: Float = (index % 2 == 0 ? 0.5 : 2) / max(0.1, (x * x + y * y).squareRoot())
            inputs += [x * scale, y * scale]
            targets.append(Int32(index % 2))
        }
        return LabelledRows(inputs: inputs, targets: targets)
    }()

    private func trainer(threads: Int = 2) throws -> ModuleTrainer {
        let spec = try ModuleSpec([
            .linear("fc1", from: 2, to: 24), .relu, .linear("fc2", from: 24, to: 24), .gelu,
            .linear("fc3", from: 24, to: 2),
        ])
        let module = try Module(spec, seed: 6, pool: ThreadPool(threads: threads))
        return try ModuleTrainer(
            module,
            options: OptimizerOptions(
                kind: .sgd(MomentumOptions(momentum: 0.9)),
                schedule: LearningRateSchedule(
                    peak: 0.05, warmup: 0, shape: .steps(milestones: [150], factor: 0.5)), weightDecay: 0))
    }

    @Test func `it learns what a line cannot part`() throws {
        let trainer = try trainer()
        let before = try trainer.evaluate(Self.rings)
        for _ in 0..<200 { _ = try trainer.trainBatch([Self.rings]) }
        let after = try trainer.evaluate(Self.rings)
        #expect(before.accuracy < 0.8)
        #expect(after.accuracy > 0.98 && after.loss < 0.2 * before.loss)
    }

    @Test func `updates are bit-equal whatever the number of threads`() throws {
        let weights = try [1, 2, 3].map { threads in
            let trainer = try trainer(threads: threads)
            for _ in 0..<5 { _ = try trainer.trainBatch([Self.rings]) }
            return trainer.module.weights.array
        }
        #expect(weights[0] == weights[1] && weights[1] == weights[2])
    }

    @Test func `micro-batches give the update of the whole batch, unlabelled rows do not count`() throws {
        let rows = Self.rings
        let (whole, cut) = try (trainer(), trainer())
        let first = LabelledRows(inputs: Array(rows.inputs[..<60]), targets: Array(rows.targets[..<30]))
        let rest = LabelledRows(
            inputs: Array(rows.inputs[60...]) + [5, -5], targets: Array(rows.targets[30...]) + [-1])
        let (one, two) = try (whole.trainBatch([rows]), cut.trainBatch([first, rest]))
        #expect(abs(one.loss - two.loss) < 1e-6)
        #expect(largestError(cut.module.weights.array, doubles(whole.module.weights.array)) < 1e-6)
    }

    @Test(
        arguments: [
            [], [.relu], [.linear("a", from: 2, to: 3), .linear("b", from: 4, to: 2)],
            [.linear("a", from: 2, to: 2), .linear("a", from: 2, to: 2)], [.linear("a", from: 2, to: 0)],
        ] as [[ModuleSpec.Layer]])
    func `layers that do not fit together are refused`(layers: [ModuleSpec.Layer]) {
        let error = #expect(throws: ComputeError.self) { try ModuleSpec(layers) }
        #expect(error?.code == .unsupportedModel)
    }

    @Test func `batches that do not fit the module are refused`() throws {
        let module = try trainer().module
        for batch in [
            LabelledRows(inputs: [1, 2, 3], targets: [0]), LabelledRows(inputs: [1, 2], targets: [2]),
            LabelledRows(inputs: [1, 2], targets: [-2]),
        ] {
            let error = #expect(throws: ComputeError.self) { try module.forward(batch) }
            #expect(error?.code == .invalidBatch)
        }
        #expect(throws: ComputeError.self) { try module.logits([1]) }
        let gradients = try Arena(count: module.table.count)
        #expect(throws: ComputeError.self) { try module.backward(coefficients: [], into: gradients) }
    }

    @Test func `a NaN in the input leaves the update out`() throws {
        let trainer = try trainer()
        let before = trainer.module.weights.array
        let update = try trainer.trainBatch([LabelledRows(inputs: [.nan, 1, 1, 1], targets: [0, 1])]).update
        #expect(update.skip == .loss)
        #expect(trainer.module.weights.array == before)
    }
}
