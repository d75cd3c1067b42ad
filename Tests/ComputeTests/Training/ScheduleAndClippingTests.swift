import Protocol
import Testing

@testable import Compute

@Suite struct `Learning-rate schedules` {
    private static let kinds = [ScheduleKind.constant, .linear, .cosine]

    @Test func `a rate rises during the warm-up, never rises after it, and stays between its bounds`() {
        var random = SeededGenerator(seed: 5)
        for round in 0..<300 {
            let warmup = Int.random(in: 0...20, using: &random)
            let total = warmup + Int.random(in: 1...40, using: &random)
            let (peak, ratio) = (Float.random(in: 1e-5...1, using: &random), Float.random(in: 0...1, using: &random))
            let schedule = LearningRateSchedule(
                kind: Self.kinds[round % 3], peak: peak, warmupSteps: warmup, totalSteps: total, minimumRatio: ratio)
            let rates = (1...total + 10).map { schedule.rate(ofUpdate: $0) }
            if warmup > 0 { #expect(abs(rates[warmup - 1] - peak) <= 1e-6 * peak) }
            for (index, rate) in rates.enumerated() {
                let update = index + 1
                #expect(rate <= peak * 1.000_001 && rate >= 0)
                if index > 0, update <= warmup { #expect(rate > rates[index - 1]) }
                if update > max(warmup, 1) { #expect(rate <= rates[index - 1] * 1.000_001) }
                if update > warmup { #expect(rate >= peak * ratio * 0.999_999) }
            }
            let end = Self.kinds[round % 3] == .constant ? peak : peak * ratio
            #expect(rates[(total - 1)...].allSatisfy { abs($0 - end) <= 1e-6 * peak })
        }
    }

    @Test(
        arguments: [
            (ScheduleKind.linear, 0, 0, 0, [0, 0]), (.constant, 0, 0, 0, [1, 1]), (.cosine, 0, 1, 0.5, [0.5, 0.5]),
            (.linear, 1, 2, 0, [1, 0]), (.cosine, 2, 2, 0.25, [0.5, 0.25]), (.linear, 3, 3, 1, [1.0 / 3, 2.0 / 3]),
            (.linear, 0, 2, 0, [0.5, 0]), (.cosine, 0, 2, 0, [0.5, 0]),
        ] as [(ScheduleKind, Int, Int, Float, [Float])])
    func `the shortest schedules`(kind: ScheduleKind, warmup: Int, total: Int, ratio: Float, expected: [Float]) {
        let schedule = LearningRateSchedule(
            kind: kind, peak: 1, warmupSteps: warmup, totalSteps: total, minimumRatio: ratio)
        for (index, rate) in expected.enumerated() {
            #expect(abs(schedule.rate(ofUpdate: index + 1) - rate) < 1e-6, "update \(index + 1)")
        }
    }

    @Test func `options and schedule say the same`() {
        let options = OptimizerOptions(
            learningRate: 0.5, schedule: .linear, warmupSteps: 3, totalSteps: 9, minimumRatio: 0.2)
        #expect(
            options.schedule
                == LearningRateSchedule(kind: .linear, peak: 0.5, warmupSteps: 3, totalSteps: 9, minimumRatio: 0.2))
    }
}

@Suite struct `Gradient clipping` {
    private static let spec = ModelSpec.gpt2(vocabularySize: 7, contextLength: 6, width: 8, layers: 1, heads: 2)
    private let batch = PackedBatch(sequences: [[1, 2, 3, 4], [6, 5]])

    private func engine(clipNorm: Float, weightDecay: Float = 0.05) throws -> TrainEngine {
        let model = try LanguageModel(spec: Self.spec, seed: 3, pool: ThreadPool(threads: 1))
        return try TrainEngine(
            model: model,
            options: OptimizerOptions(learningRate: 0.02, weightDecay: weightDecay, clipNorm: clipNorm))
    }

    private func step(_ engine: TrainEngine, scale: Float = 1) throws -> UpdateStatistics {
        try engine.trainBatch([batch]) { _, outputs in outputs.logProbabilities.map { _ in scale } }
    }

    @Test func `a longer gradient is scaled to the limit, a shorter one is left alone`() throws {
        let free = try engine(clipNorm: 1e9)
        let norm = try step(free).gradientNorm
        let (above, below) = (try engine(clipNorm: norm * 1.01), try engine(clipNorm: norm / 4))
        #expect(try step(above).gradientNorm == norm)
        #expect(try step(below).gradientNorm == norm)
        #expect(above.moments(0) == free.moments(0))
        #expect(above.model.weights.array == free.model.weights.array)
        let quarter = free.moments(0).map { Double($0) / 4 }
        #expect(largestError(below.moments(0), quarter) < 1e-7)
    }

    @Test func `an infinite limit clips nothing`() throws {
        let (free, unlimited) = (try engine(clipNorm: 1e30), try engine(clipNorm: .infinity))
        for _ in 0..<3 {
            #expect(try step(free) == step(unlimited))
        }
        #expect(unlimited.model.weights.array.allSatisfy { $0.isFinite })
        #expect(unlimited.model.weights.array == free.model.weights.array)
    }

    @Test(arguments: [0, 1, .infinity] as [Float])
    func `no gradient at all moves nothing but decay, whatever the limit`(clipNorm: Float) throws {
        let engine = try engine(clipNorm: clipNorm, weightDecay: 0)
        let before = engine.model.weights.array
        let statistics = try step(engine, scale: 0)
        #expect(statistics.isApplied && statistics.gradientNorm == 0)
        #expect(engine.model.weights.array == before)
    }

    @Test func `the size of the loss does not matter once it is clipped`() throws {
        let (one, other) = (try engine(clipNorm: 0.5), try engine(clipNorm: 0.5))
        for _ in 0..<3 {
            _ = try step(one, scale: 100)
            _ = try step(other, scale: 1e6)
        }
        #expect(largestError(one.model.weights.array, doubles(other.model.weights.array)) < 1e-5)
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func `a bad batch in the middle of a run leaves no trace`(coefficient: Float) throws {
        let (clean, disturbed) = (try engine(clipNorm: 1), try engine(clipNorm: 1))
        for update in 0..<6 {
            let statistics = try step(clean)
            if update % 2 == 1 {
                let bad = try disturbed.trainBatch([batch, batch]) { index, outputs in
                    outputs.logProbabilities.map { _ in index == 0 ? 1 : coefficient }
                }
                #expect(!bad.isApplied && !bad.gradientNorm.isFinite)
                #expect(bad.learningRate == statistics.learningRate)
            }
            #expect(try step(disturbed) == statistics)
        }
        #expect(disturbed.updateCount == 6)
        #expect(disturbed.model.weights.array == clean.model.weights.array)
        #expect(disturbed.moments(1) == clean.moments(1))
    }

    @Test func `a loss that throws leaves the engine ready for the next batch`() throws {
        struct Refusal: Error {}
        let (clean, disturbed) = (try engine(clipNorm: 1), try engine(clipNorm: 1))
        #expect(throws: Refusal.self) {
            try disturbed.trainBatch([batch, batch]) { index, outputs in
                if index == 1 { throw Refusal() }
                return outputs.logProbabilities.map { _ in 5 }
            }
        }
        #expect(disturbed.updateCount == 0)
        #expect(try step(disturbed) == step(clean))
        #expect(disturbed.model.weights.array == clean.model.weights.array)
    }

    @Test func `weights that are NaN are never updated and never saved`() throws {
        let engine = try engine(clipNorm: 1)
        engine.model.weights.base[5] = .nan
        let before = engine.model.weights.array.map(\.bitPattern)
        #expect(try step(engine).isApplied == false)
        #expect(engine.model.weights.array.map(\.bitPattern) == before)
        let scratch = try ScratchFolder()
        let error = #expect(throws: ComputeError.self) {
            try engine.save(to: CheckpointFolder(path: scratch.path), state: CheckpointState(step: 1), tokenizer: nil)
        }
        #expect(error?.code == .notFinite)
        #expect(FolderListing.names(in: scratch.path) == [])
    }
}
