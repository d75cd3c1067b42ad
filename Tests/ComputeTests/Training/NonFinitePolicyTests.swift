import Testing

@testable import Compute

@Suite struct `Updates that are not finite` {
    private let table: ParameterTable
    private let weights: Arena

    init() throws {
        var table = ParameterTable()
        table.append(name: "w", shape: [4], isDecayed: false)
        self.table = table
        weights = try Arena(count: table.count)
    }

    private func optimizer(_ policy: NonFinitePolicy, scaling: LossScalerOptions? = nil) throws -> Optimizer {
        try Optimizer(
            table: table,
            options: OptimizerOptions(
                kind: .sgd(MomentumOptions()),
                schedule: LearningRateSchedule(kind: .linear, peak: 1, warmupSteps: 0, totalSteps: 10, minimumRatio: 0),
                clipNorm: .infinity, lossScaling: scaling, nonFinitePolicy: policy),
            pool: ThreadPool(threads: 1))
    }

    private func update(_ optimizer: Optimizer, gradient: Float, loss: LossState = .finite) throws -> UpdateStatistics {
        optimizer.clearGradients()
        optimizer.gradients.base[1] = gradient
        return try optimizer.update(loss: loss) { $0(weights) }
    }

    @Test func `a skipped update is reported with its reason and moves neither weights nor schedule`() throws {
        let optimizer = try optimizer(.skip(consecutiveLimit: nil))
        #expect(try update(optimizer, gradient: 1).learningRate == 0.9)
        let before = weights.array
        #expect(try update(optimizer, gradient: .nan).skip == .gradient)
        #expect(try update(optimizer, gradient: 1, loss: .notFinite).skip == .loss)
        #expect(weights.array == before)
        #expect(optimizer.updateCount == 1)
        #expect(optimizer.nonFiniteGuard.skipped == SkipCount(total: 2, inRow: 2))
        let next = try update(optimizer, gradient: 1)
        #expect(next.learningRate == 0.8 && next.isApplied)
        #expect(optimizer.nonFiniteGuard.skipped == SkipCount(total: 2, inRow: 0))
    }

    @Test(arguments: [(Float.infinity, LossState.finite, "gradients"), (1, .notFinite, "loss")])
    func `the stop policy ends training with an error that says what`(
        gradient: Float, loss: LossState, word: String
    ) throws {
        let optimizer = try optimizer(.stop)
        _ = try update(optimizer, gradient: 1)
        let before = weights.array
        let error = #expect(throws: ComputeError.self) { try update(optimizer, gradient: gradient, loss: loss) }
        #expect(error?.code == .notFinite)
        #expect(error?.summary == "The \(word) of update 2 are not finite.")
        #expect(weights.array == before && optimizer.updateCount == 1)
    }

    @Test func `a limit ends training after as many in a row`() throws {
        let optimizer = try optimizer(.skip(consecutiveLimit: 3))
        for gradient in [Float.nan, .nan, 1, .nan, .nan] { _ = try update(optimizer, gradient: gradient) }
        let error = #expect(throws: ComputeError.self) { try update(optimizer, gradient: .nan) }
        #expect(error?.summary == "The gradients of update 2 are not finite, the last of 3 such updates in a row.")
        #expect(error?.detail.contains("5 updates were left out in all") == true)
    }

    @Test func `under a loss scale an overflow lowers the scale first; at the floor the policy decides`() throws {
        let scaling = LossScalerOptions(initialScale: 4, backoff: .consecutive(1), minimumScale: 1)
        let optimizer = try optimizer(.stop, scaling: scaling)
        #expect(try update(optimizer, gradient: .infinity).skip == .lossScale)
        let second = try update(optimizer, gradient: .infinity)
        #expect(second.skip == .lossScale && second.lossScale == 2)
        #expect(optimizer.lossScale == 1)
        #expect(throws: ComputeError.self) { try update(optimizer, gradient: .infinity) }
    }

    @Test func `a loss that is not finite says nothing about the scale`() throws {
        let optimizer = try optimizer(
            .skip(consecutiveLimit: nil), scaling: LossScalerOptions(initialScale: 4, backoff: .consecutive(1)))
        #expect(try update(optimizer, gradient: .infinity, loss: .notFinite).skip == .loss)
        #expect(optimizer.lossScale == 4)
    }

    @Test func `scaled gradients give the update and the norm of unscaled ones`() throws {
        let optimizer = try optimizer(.stop, scaling: LossScalerOptions(initialScale: 1024))
        let statistics = try update(optimizer, gradient: 512)
        #expect(statistics == UpdateStatistics(gradientNorm: 0.5, learningRate: 0.9, lossScale: 1024))
        #expect(weights.base[1] == -0.45)
    }

    @Test func `one NaN anywhere makes a loss not finite`() {
        var state = LossState.finite
        state.check([1, -Float.greatestFiniteMagnitude, .leastNonzeroMagnitude])
        #expect(state == .finite)
        state.check([0, -.infinity])
        #expect(state == .notFinite)
        state.check([0])
        #expect(state == .notFinite)
    }
}
