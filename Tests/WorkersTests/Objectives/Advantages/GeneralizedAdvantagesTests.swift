import TestSupport
import Testing

@testable import Workers

@Suite struct `Generalised advantages` {
    private struct Sequence {
        let rewards: [Float]
        let values: [Float]

        init(seed: UInt64, longest: Int = 20) {
            var generator = SplitMix(seed: seed)
            let count = Int.random(in: 0...longest, using: &generator)
            rewards = (0..<count).map { _ in Float.random(in: -2...2, using: &generator) }
            values = (0...count).map { _ in Float.random(in: -2...2, using: &generator) }
        }
    }

    @Test func `by hand, with and without what comes after the end`() throws {
        let estimation = GeneralizedAdvantages(discount: 0.5, lambda: 0.5)
        let finished = try estimation.estimate(rewards: [1, 2], values: [4, 8, 16], isUnfinished: false)
        #expect(finished.advantages == [-0.5, -6])
        #expect(finished.returns == [3.5, 2])
        let cut = try estimation.estimate(rewards: [1, 2], values: [4, 8, 16], isUnfinished: true)
        #expect(cut.advantages == [1.5, 2])
        #expect(cut.returns == [5.5, 10])
    }

    @Test(arguments: UInt64(1)...30, [1.0, 0.9]) func `with lambda 1 returns are the discounted sums of what came`(
        seed: UInt64, discount: Double
    ) throws {
        let sequence = Sequence(seed: seed)
        let (_, returns) = try GeneralizedAdvantages(discount: discount).estimate(
            rewards: sequence.rewards, values: sequence.values, isUnfinished: true)
        var expected: [Double] = [], later = Double(sequence.values.last ?? 0)
        for reward in sequence.rewards.reversed() {
            later = Double(reward) + discount * later
            expected.append(later)
        }
        #expect(relativeError(returns, expected.reversed()) < 1e-5)
    }

    @Test(arguments: UInt64(1)...30) func `with lambda 0 an advantage looks one step ahead`(seed: UInt64) throws {
        let sequence = Sequence(seed: seed), count = sequence.rewards.count
        let (advantages, _) = try GeneralizedAdvantages(discount: 0.9, lambda: 0).estimate(
            rewards: sequence.rewards, values: sequence.values, isUnfinished: false)
        let expected = (0..<count).map { step -> Double in
            let next = step == count - 1 ? 0 : Double(sequence.values[step + 1])
            return Double(sequence.rewards[step]) + 0.9 * next - Double(sequence.values[step])
        }
        #expect(relativeError(advantages, expected) < 1e-6)
    }

    @Test(arguments: UInt64(1)...30, [0.0, 0.95]) func `without a future a return is its reward`(
        seed: UInt64, lambda: Double
    ) throws {
        let sequence = Sequence(seed: seed)
        let (_, returns) = try GeneralizedAdvantages(discount: 0, lambda: lambda).estimate(
            rewards: sequence.rewards, values: sequence.values, isUnfinished: true)
        #expect(relativeError(returns, sequence.rewards.map(Double.init)) < 1e-6)
    }

    @Test(arguments: UInt64(1)...30) func `values that know the future leave no advantage`(seed: UInt64) throws {
        let sequence = Sequence(seed: seed)
        let known = try GeneralizedAdvantages(discount: 0.9).estimate(
            rewards: sequence.rewards, values: sequence.values, isUnfinished: false
        ).returns
        let (advantages, _) = try GeneralizedAdvantages(discount: 0.9, lambda: 0.8).estimate(
            rewards: sequence.rewards, values: known + [7], isUnfinished: false)
        #expect(advantages.allSatisfy { abs($0) < 1e-5 })
    }

    @Test func `a sequence of one token, or of none, has nothing to estimate`() throws {
        let one = try GeneralizedAdvantages().estimate(rewards: [], values: [3], isUnfinished: true)
        let none = try GeneralizedAdvantages().estimate(rewards: [], values: [], isUnfinished: true)
        for (advantages, returns) in [one, none] { #expect(advantages.isEmpty && returns.isEmpty) }
    }

    @Test func `values that do not fit the rewards are refused`() {
        #expect(throws: WorkerError(.request, "a sequence has 2 values for 2 rewards")) {
            try GeneralizedAdvantages().estimate(rewards: [1, 2], values: [1, 2], isUnfinished: false)
        }
    }
}
