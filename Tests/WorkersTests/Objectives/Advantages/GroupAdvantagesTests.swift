import Foundation
import Protocol
import TestSupport
import Testing

@testable import Workers

@Suite struct GroupAdvantagesTests {
    @Test func `advantages are normalised within each group`() {
        let advantages = GroupAdvantages.normalised([1, 0, 0, 1, 2, 4], groupSizes: [4, 2])
        let expected: [Float] = [0.99998, -0.99998, -0.99998, 0.99998, -0.99999, 0.99999]
        for (value, wanted) in zip(advantages, expected) { #expect(abs(value - wanted) < 1e-5) }
    }

    @Test func `a group of equal rewards teaches nothing`() {
        #expect(GroupAdvantages.normalised([0.3, 0.3, 0.3], groupSizes: [3]) == [0, 0, 0])
    }

    @Test func `no rewards give no advantages`() {
        #expect(GroupAdvantages.normalised([], groupSizes: []) == [])
    }
}

@Suite struct `Advantages within groups, by the book` {
    /// (r - mean) / (std + 1e-5) with the population's standard deviation, one group after another.
    private func reference(_ groups: [[Float]]) -> [Double] {
        groups.flatMap { group -> [Double] in
            let values = group.map(Double.init), count = Double(group.count)
            let mean = values.reduce(0, +) / count
            let deviation = (values.map { pow($0 - mean, 2) }.reduce(0, +) / count).squareRoot()
            return values.map { deviation == 0 ? 0 : ($0 - mean) / (deviation + 1e-5) }
        }
    }

    private func groups(seed: UInt64) -> [[Float]] {
        var generator = SplitMix(seed: seed)
        return (0..<Int.random(in: 1...6, using: &generator)).map { _ in
            (0..<Int.random(in: 1...9, using: &generator)).map { _ in Float.random(in: -2...2, using: &generator) }
        }
    }

    @Test(arguments: UInt64(1)...50) func `ragged groups each have their own mean and deviation`(seed: UInt64) {
        let groups = groups(seed: seed)
        let found = GroupAdvantages.normalised(groups.flatMap(\.self), groupSizes: groups.map(\.count))
        for (one, other) in zip(found, reference(groups)) { #expect(abs(Double(one) - other) < 1e-5) }
        #expect(found.count == groups.joined().count)
    }

    @Test(arguments: UInt64(1)...50) func `they sum to nothing, keep the order, and forget shift and scale`(
        seed: UInt64
    ) {
        for group in groups(seed: seed) {
            let found = GroupAdvantages.normalised(group, groupSizes: [group.count])
            #expect(abs(found.reduce(0, +)) < 1e-3)
            for (left, right) in zip(group.indices, group.indices.dropFirst()) where group[left] < group[right] {
                #expect(found[left] < found[right])
            }
            let moved = GroupAdvantages.normalised(group.map { $0 * 4 + 100 }, groupSizes: [group.count])
            for (one, other) in zip(found, moved) { #expect(abs(one - other) < 2e-3) }
        }
    }

    @Test(arguments: [Float(0), 0.1, -0.3, 1e30, 1e-30], [1, 2, 3, 7, 1000])
    func `equal rewards give exactly nothing`(reward: Float, count: Int) {
        let found = GroupAdvantages.normalised(Array(repeating: reward, count: count), groupSizes: [count])
        #expect(found == Array(repeating: 0, count: count))
    }

    @Test func `a group of one teaches nothing, and empty groups are passed over`() {
        #expect(GroupAdvantages.normalised([5, 1, 2], groupSizes: [1, 0, 2, 0]).first == 0)
        #expect(GroupAdvantages.normalised([5, 1, 2], groupSizes: [1, 0, 2, 0]).count == 3)
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity]) func `a reward that is no number spoils only its group`(
        odd: Float
    ) {
        let found = GroupAdvantages.normalised([odd, 1, 0, 1], groupSizes: [2, 2])
        #expect(found.prefix(2) == [0, 0])
        #expect(found.suffix(2).allSatisfy { abs(abs($0) - 1) < 1e-3 })
    }
}

@Suite struct `The best answers of a group` {
    @Test func `are those with the highest scores, in the order they came`() {
        let scores: [Float] = [1, 3, 2, 5, 4, 6], lengths = [1, 1, 1, 1, 1, 1]
        #expect(GroupAdvantages.best(2, scores: scores, lengths: lengths, groupSizes: [3, 3]) == [1, 2, 3, 5])
    }

    @Test func `of equal scores are the longer, then the earlier`() {
        let scores: [Float] = [1, 1, 1, 1], lengths = [2, 5, 2, 3]
        #expect(GroupAdvantages.best(2, scores: scores, lengths: lengths, groupSizes: [4]) == [1, 3])
        #expect(GroupAdvantages.best(3, scores: scores, lengths: lengths, groupSizes: [4]) == [0, 1, 3])
    }

    @Test func `are all where there are no more`() {
        #expect(GroupAdvantages.best(4, scores: [2, 1, 7], lengths: [1, 1, 1], groupSizes: [2, 0, 1]) == [0, 1, 2])
    }
}

@Suite struct `Group advantages against the reference` {
    @Test(arguments: try ObjectiveFixture.load().groupAdvantages)
    func `are those of every group`(item: ObjectiveFixture.Groups) {
        let found = GroupAdvantages.normalised(item.groups.flatMap(\.self), groupSizes: item.groups.map(\.count))
        #expect(relativeError(found, item.expected.flatMap(\.self)) < 1e-6)
    }
}
