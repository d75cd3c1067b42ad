import Compute
import TestSupport
import Testing

@testable import Workers

@Suite struct `Losses of micro-batches together` {
    private func factors(_ parts: [MicroBatchLoss], _ mean: GradientAccumulation.Mean) throws -> GradientAccumulation {
        try GradientAccumulation(weights: parts.map { Float($0.weight) }, mean: mean)
    }

    @Test(
        arguments: try ObjectiveFixture.load().reduction, [GradientAccumulation.Mean.tokenWeighted, .microBatches])
    func `have the value and gradient of the reference`(
        item: ObjectiveFixture.Reduction, mean: GradientAccumulation.Mean
    ) throws {
        let parts = try item.logps.map { try SupervisedLoss.evaluate($0, mask: $0.map { _ in true }) }
        let accumulation = try factors(parts, mean)
        let expected = mean == .tokenWeighted ? item.tokenWeighted : item.meanOfMeans
        #expect(relativeError(accumulation.loss(of: parts.map(\.loss)), expected.loss) < 1e-6)
        for (place, part) in parts.enumerated() {
            let coefficients = part.coefficients.map { $0 * accumulation.factors[place] }
            #expect(relativeError(coefficients, expected.gradient[place].map { -$0 }) < 1e-6)
        }
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
        let accumulation = try factors(parts, .tokenWeighted)
        let joined = zip(parts, accumulation.factors).flatMap { part, factor in part.coefficients.map { $0 * factor } }
        #expect(relativeError(joined, whole.coefficients.map(Double.init)) < 1e-6)
        #expect(relativeError(accumulation.loss(of: parts.map(\.loss)), whole.loss) < 1e-6)
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
