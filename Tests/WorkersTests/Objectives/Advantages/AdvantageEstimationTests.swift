import TestSupport
import Testing

@testable import Workers

@Suite struct `From scores to advantages` {
    private func estimation(_ options: ObjectiveFixture.Rollout.Options) throws -> AdvantageEstimation {
        AdvantageEstimation(
            rewards: TokenRewards(
                klWeight: options.kl, limit: options.limit,
                unfinished: options.zeroUnfinished == 1 ? .isZero : .counts,
                dense: options.scores == "value" ? .value : .difference),
            advantages: GeneralizedAdvantages(discount: options.gamma, lambda: options.lambda),
            normalization: try #require(AdvantageNormalization(rawValue: options.normalization)),
            unfinished: options.maskTooLong == 1 ? .isMasked : .trains)
    }

    private func sequences(_ item: ObjectiveFixture.Rollout) -> [AdvantageEstimation.Sequence] {
        item.prompts.indices.map { index in
            AdvantageEstimation.Sequence(
                promptMask: item.prompts[index], old: item.old[index], reference: item.reference[index],
                score: item.options.scores == "final" ? .final(item.scores[index][0]) : .dense(item.scores[index]),
                values: item.options.critic == 1 ? item.values[index] : nil,
                isUnfinished: item.unfinished[index] == 1)
        }
    }

    @Test(arguments: try ObjectiveFixture.load().rollout)
    func `rewards, returns and advantages are those of the reference`(item: ObjectiveFixture.Rollout) throws {
        let found = try estimation(item.options).estimate(sequences(item), groupSizes: item.groupSizes)
        #expect(found.masks == item.expected.masks.map(\.flags))
        #expect(found.masks.map(\.count) == item.expected.advantages.map(\.count))
        func error(_ rows: [[Float]], _ expected: [[Double]]) -> Double {
            relativeError(rows.flatMap(\.self), expected.flatMap(\.self))
        }
        #expect(error(found.klRewards, item.expected.kl) < 1e-6)
        #expect(error(found.rewards, item.expected.rewards) < 1e-6)
        #expect(error(found.returns, item.expected.returns) < 1e-5)
        #expect(error(found.advantages, item.expected.advantages) < 1e-5)
    }

    @Test(arguments: UInt64(1)...10) func `do not depend on the order of sequences`(seed: UInt64) throws {
        let item = try ObjectiveFixture.load().rollout[0], all = sequences(item)
        var generator = SplitMix(seed: seed)
        let order = all.indices.shuffled(using: &generator), estimation = try estimation(item.options)
        let plain = try estimation.estimate(all, groupSizes: [all.count])
        let moved = try estimation.estimate(order.map { all[$0] }, groupSizes: [all.count])
        #expect(moved.returns == order.map { plain.returns[$0] })
        for (place, index) in order.enumerated() {
            #expect(relativeError(moved.advantages[place], plain.advantages[index].map(Double.init)) < 1e-6)
        }
    }

    @Test func `an answer that ended takes nothing from the value behind its end`() throws {
        let estimation = AdvantageEstimation(rewards: TokenRewards(klWeight: 0), normalization: .none)
        func returns(_ last: Float, isUnfinished: Bool) throws -> [Float] {
            try estimation.estimate(
                [
                    .init(
                        promptMask: [1, 0, 0], old: [-1, -1], reference: [], score: .final(2), values: [0, 0, last],
                        isUnfinished: isUnfinished)
                ], groupSizes: [1]
            ).returns[0]
        }
        #expect(try returns(5, isUnfinished: false) == [2, 2])
        #expect(try returns(5, isUnfinished: true) == [7, 7])
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity]) func `what is no number is refused with its sequence`(
        odd: Float
    ) {
        let estimation = AdvantageEstimation(rewards: TokenRewards(klWeight: 0.1))
        let good = AdvantageEstimation.Sequence(
            promptMask: [1, 1, 0], old: [-1, -1], reference: [-1, -1], score: .final(1), values: [0, 0, 0],
            isUnfinished: true)
        func spoilt(_ change: (inout AdvantageEstimation.Sequence) -> Void) -> [AdvantageEstimation.Sequence] {
            var other = good
            change(&other)
            return [good, other]
        }
        for sequences in [
            spoilt { $0.score = .final(odd) }, spoilt { $0.score = .dense([0, 0, odd]) }, spoilt { $0.old[1] = odd },
            spoilt { $0.reference[1] = odd }, spoilt { $0.values?[1] = odd }, spoilt { $0.values?[2] = odd },
        ] {
            let error = #expect(throws: WorkerError.self) { try estimation.estimate(sequences, groupSizes: [2]) }
            #expect(error?.summary.hasPrefix("sequence 1 of the rollout: ") == true)
        }
        // In the prompt nothing trains, and nothing of it reaches the answer.
        for sequences in [
            spoilt { $0.old[0] = odd }, spoilt { $0.reference[0] = odd }, spoilt { $0.values?[0] = odd },
        ] {
            let found = try? estimation.estimate(sequences, groupSizes: [2]).advantages
            #expect(found == [[0, 0], [0, 0]])
        }
    }

    @Test func `parts of a sequence that do not fit together are refused`() {
        let estimation = AdvantageEstimation(rewards: TokenRewards(klWeight: 0.1))
        for (old, reference, score, values) in [
            (1, 2, TokenRewards.Score.final(1), 3), (2, 1, .final(1), 3), (2, 2, .dense([1, 2]), 3),
            (2, 2, .final(1), 2),
        ] {
            #expect(throws: WorkerError.self) {
                try estimation.estimate(
                    [
                        .init(
                            promptMask: [1, 0, 0], old: Array(repeating: -1, count: old),
                            reference: Array(repeating: -1, count: reference), score: score,
                            values: Array(repeating: 0, count: values), isUnfinished: false)
                    ], groupSizes: [1])
            }
        }
    }
}
