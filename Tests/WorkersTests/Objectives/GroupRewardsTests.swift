import Testing

@testable import Workers

@Suite("Rewards in groups")
struct GroupRewardsTests {
    @Test func `tell how far they lie apart and which groups teach nothing`() {
        // Deviations 0.5, 0 and 0.
        let rewards = GroupRewards([0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0], groupSizes: [4, 4, 4])
        #expect(abs(rewards.meanDeviation - 0.5 / 3) < 1e-12)
        #expect(abs(rewards.shareOfEqual - 2.0 / 3) < 1e-12)
    }

    @Test func `of one answer each are all equal, and of none are nothing`() {
        #expect(GroupRewards([1, 0], groupSizes: [1, 1]) == GroupRewards([0, 1], groupSizes: [1, 1]))
        #expect(GroupRewards([1, 0], groupSizes: [1, 1]).shareOfEqual == 1)
        #expect(GroupRewards([], groupSizes: []).shareOfEqual == 0)
    }

    @Test func `that are no numbers are not called equal`() {
        #expect(GroupRewards([.nan, .nan], groupSizes: [2]).shareOfEqual == 0)
    }
}
