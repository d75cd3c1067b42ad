import TestSupport
import Testing

@testable import Workers

@Suite struct `Losses of micro-batches together` {
    @Test(arguments: try ObjectiveFixture.load().reduction, MicroBatchReduction.allCases)
    func `have the value and gradient of the reference`(
        item: ObjectiveFixture.Reduction, reduction: MicroBatchReduction
    ) throws {
        let parts = try item.logps.map { try SupervisedLoss.evaluate($0, mask: $0.map { _ in true }) }
        let factors = try reduction.factors(weights: parts.map(\.weight))
        let expected = reduction == .tokenWeighted ? item.tokenWeighted : item.meanOfMeans
        let loss = zip(parts, factors).reduce(0) { $0 + $1.0.loss * $1.1 }
        #expect(relativeError(loss, expected.loss) < 1e-6)
        for (place, part) in parts.enumerated() {
            let coefficients = part.coefficients(factor: factors[place])
            #expect(relativeError(coefficients, expected.gradient[place].map { -$0 }) < 1e-6)
        }
    }

    @Test func `by tokens a micro-batch counts as it has, else all alike`() throws {
        #expect(try MicroBatchReduction.tokenWeighted.factors(weights: [1, 3, 0]) == [0.25, 0.75, 0])
        #expect(try MicroBatchReduction.meanOfMeans.factors(weights: [1, 3, 0]) == [0.5, 0.5, 0])
    }

    @Test(arguments: UInt64(1)...40) func `by tokens it does not matter where a batch is cut`(seed: UInt64) throws {
        var generator = SplitMix(seed: seed)
        let count = Int.random(in: 1...12, using: &generator)
        let values = (0..<count).map { _ in Float.random(in: -5...0, using: &generator) }
        var mask = (0..<count).map { _ in Bool.random(using: &generator) }
        mask[0] = true
        let whole = try SupervisedLoss.evaluate(values, mask: mask), cut = Int.random(in: 0...count, using: &generator)
        let parts = try [0..<cut, cut..<count].map {
            try SupervisedLoss.evaluate(Array(values[$0]), mask: Array(mask[$0]))
        }
        let factors = try MicroBatchReduction.tokenWeighted.factors(weights: parts.map(\.weight))
        let joined = zip(parts, factors).flatMap { $0.coefficients(factor: $1) }
        #expect(relativeError(joined, whole.coefficients.map(Double.init)) < 1e-6)
        #expect(relativeError(zip(parts, factors).reduce(0) { $0 + $1.0.loss * $1.1 }, whole.loss) < 1e-12)
    }

    @Test(arguments: MicroBatchReduction.allCases, [[], [0], [0, 0]] as [[Double]])
    func `that count nothing are an error`(reduction: MicroBatchReduction, weights: [Double]) {
        let error = #expect(throws: WorkerError.self) { try reduction.factors(weights: weights) }
        #expect(
            error?.summary == "the \(weights.count) micro-batches of an update have no token that the loss counts")
    }

    @Test(arguments: [Double.nan, -1, .infinity]) func `with a weight that is none are an error`(weight: Double) {
        #expect(throws: WorkerError(.request, "a micro-batch has the loss weight \(weight)")) {
            try MicroBatchReduction.tokenWeighted.factors(weights: [1, weight])
        }
    }
}

@Suite struct `The tallies of an objective` {
    @Test(arguments: UInt64(1)...20) func `of parts add up to that of the whole`(seed: UInt64) {
        var generator = SplitMix(seed: seed)
        let values = (0..<20).map { _ in Double(Int.random(in: -50...50, using: &generator)) }
        func tally(_ values: some Sequence<Double>) -> Tally {
            values.reduce(into: Tally()) { $0.add($1) }
        }
        let cut = Int.random(in: 0...20, using: &generator)
        var joined = ObjectiveStatistics(), other = ObjectiveStatistics()
        joined["a"] = tally(values[..<cut])
        other["a"] = tally(values[cut...])
        joined.merge(other)
        #expect(joined["a"] == tally(values))
        #expect(joined["a"].mean == values.reduce(0, +) / 20)
        #expect(joined["a"].minimum == values.min())
        #expect(joined["a"].maximum == values.max())
    }

    @Test func `are reported by name as average, least and most, and vanish when empty`() {
        var statistics = ObjectiveStatistics()
        statistics["ratio"].add(1)
        statistics["ratio"].add(4)
        statistics["loss"].add(-2)
        statistics["nothing"] = Tally()
        #expect(statistics["unknown"].mean == 0)
        #expect(
            statistics.metrics(prefix: "ppo_actor") == [
                Metric("ppo_actor/loss/avg", -2), Metric("ppo_actor/loss/min", -2), Metric("ppo_actor/loss/max", -2),
                Metric("ppo_actor/ratio/avg", 2.5), Metric("ppo_actor/ratio/min", 1),
                Metric("ppo_actor/ratio/max", 4),
            ])
    }
}

@Suite struct `Which tokens a loss counts` {
    @Test func `are those of the answer; the first token of a sequence is never predicted`() {
        #expect(LossMask.answer(promptMask: [1, 1, 1, 0, 0]) == [false, false, true, true])
        #expect(LossMask.answer(promptMask: [0, 0]) == [true])
        #expect(LossMask.answer(promptMask: [1]) == [])
        #expect(LossMask.answer(promptMask: []) == [])
    }

    @Test(
        arguments: [
            (true, UnfinishedAnswer.trains, [true, true]), (false, .trains, [true, true]),
            (true, .isMasked, [false, false]), (false, .isMasked, [true, true]),
        ])
    func `are none of an unfinished answer, where such are masked`(
        isUnfinished: Bool, rule: UnfinishedAnswer, expected: [Bool]
    ) {
        #expect(LossMask.answer(promptMask: [1, 0, 0], isUnfinished: isUnfinished, rule) == expected)
        #expect(LossMask.answer(promptMask: [], isUnfinished: isUnfinished, rule) == [])
    }
}
