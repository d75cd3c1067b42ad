import Testing

@testable import Workers

@Suite struct `Rewards by token` {
    private func total(
        _ rewards: TokenRewards, _ score: TokenRewards.Score, isUnfinished: Bool = false,
        mask: [Bool] = [false, true, true]
    ) throws -> [Float] {
        let sequence = AdvantageEstimation.Sequence(
            promptMask: [1, 1, 0, 0], old: [-9, -1, -2], reference: [-1, -3, -1], score: score,
            isUnfinished: isUnfinished)
        return try rewards.evaluate(sequence, mask: mask).total
    }

    @Test func `leaving the reference costs on the answer, and the last token earns the score`() throws {
        #expect(try total(TokenRewards(klWeight: 0.5), .final(3)) == [0, -1, 0.5 + 3])
    }

    @Test func `a score counts up to the limit`() throws {
        let rewards = TokenRewards(klWeight: 0, limit: 2)
        #expect(try total(rewards, .final(7)) == [0, 0, 2])
        #expect(try total(rewards, .final(-7)) == [0, 0, -2])
        #expect(try total(rewards, .dense([-9, 1, 1.5, 9])) == [3, 0.5, 0.5])
    }

    @Test(arguments: [(TokenRewards.UnfinishedScore.counts, Float(3)), (.isZero, 0)])
    func `an unfinished answer earns its score or nothing`(rule: TokenRewards.UnfinishedScore, last: Float) throws {
        let rewards = TokenRewards(klWeight: 0, unfinished: rule)
        #expect(try total(rewards, .final(3), isUnfinished: true) == [0, 0, last])
        #expect(try total(rewards, .final(3), isUnfinished: false) == [0, 0, 3])
    }

    @Test func `a dense score is earned as it rises, or as it is`() throws {
        let scores = TokenRewards.Score.dense([1, 2, 4, 3])
        #expect(try total(TokenRewards(klWeight: 0, dense: .difference), scores) == [1, 2, -1])
        #expect(try total(TokenRewards(klWeight: 0, dense: .value), scores) == [2, 4, 3])
    }

    @Test func `a weight of 0 needs no reference`() throws {
        let sequence = AdvantageEstimation.Sequence(
            promptMask: [1, 0], old: [-1], reference: [], score: .final(1), isUnfinished: false)
        let found = try TokenRewards(klWeight: 0).evaluate(sequence, mask: [true])
        #expect(found.kl == [0])
        #expect(found.total == [1])
        #expect(throws: WorkerError.self) { try TokenRewards(klWeight: 0.1).evaluate(sequence, mask: [true]) }
    }

    @Test func `a sequence of one token has no reward`() throws {
        let sequence = AdvantageEstimation.Sequence(
            promptMask: [1], old: [], reference: [], score: .final(1), isUnfinished: false)
        #expect(try TokenRewards(klWeight: 0.1).evaluate(sequence, mask: []).total == [])
    }
}
