import Foundation
import Protocol
import TestSupport
import Testing

@testable import Workers

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

@Suite struct `The clipped loss against its definition` {
    /// max(-A r, -A clip(r)), bounded by -A c where c is given and A is negative.
    private func reference(_ change: Double, _ advantage: Double, clip: Double, dual: Double?) -> Double {
        let ratio = exp(change)
        let loss = max(-advantage * ratio, -advantage * min(max(ratio, 1 - clip), 1 + clip))
        guard let dual, advantage < 0 else { return loss }
        return min(loss, -advantage * dual)
    }

    @Test(arguments: UInt64(1)...40) func `for random tokens, with and without the dual clip`(seed: UInt64) {
        var generator = SplitMix(seed: seed)
        for _ in 0..<50 {
            let clip = Float.random(in: 0.05...0.5, using: &generator)
            let dual = Bool.random(using: &generator) ? Float.random(in: 1.1...4, using: &generator) : nil
            let change = Float.random(in: -2...2, using: &generator)
            let advantage = Float.random(in: -3...3, using: &generator)
            let token = ClippedPolicyLoss(clip: clip, dualClip: dual).token(
                new: change - 1.5, old: -1.5, advantage: advantage)
            let expected = reference(
                Double(change), Double(advantage), clip: Double(clip), dual: dual.map(Double.init))
            #expect(abs(Double(token.loss) - expected) < 1e-4 * max(1, abs(expected)))
            #expect(token.slope == 0 || abs(token.slope + advantage * token.ratio) < 1e-4 * max(1, token.ratio))
            #expect(token.isClipped == (token.slope == 0) || advantage == 0)
        }
    }

    @Test func `without an advantage nothing is lost and nothing moves`() {
        for change in stride(from: Float(-3), through: 3, by: 0.5) {
            let token = ClippedPolicyLoss(clip: 0.2, dualClip: 3).token(new: change, old: 0, advantage: 0)
            #expect(token.loss == 0)
            #expect(token.slope == 0)
        }
    }

    @Test(arguments: [Float(0.8), 0.9, 1, 1.1, 1.19]) func `within the interval nothing is clipped`(ratio: Float) {
        for advantage: Float in [-2, 2] {
            let token = ClippedPolicyLoss(clip: 0.2001).token(new: log(ratio), old: 0, advantage: advantage)
            #expect(!token.isClipped)
            #expect(abs(token.loss + advantage * ratio) < 1e-5)
        }
    }
}

@Suite struct `Micro-batches over random lengths` {
    private struct Case {
        let lengths: [Int]
        let capacity: Int
        let minimum: Int

        init(seed: UInt64) {
            var generator = SplitMix(seed: seed)
            lengths = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
                Int.random(in: 0...30, using: &generator)
            }
            capacity = max(lengths.max() ?? 1, 1) + Int.random(in: 0...60, using: &generator)
            minimum = Int.random(in: 1...lengths.count, using: &generator)
        }
    }

    @Test(arguments: UInt64(1)...100) func `every sequence is in exactly one, none is too large, and there are enough`(
        seed: UInt64
    ) throws {
        let item = Case(seed: seed)
        let groups = try MicroBatches.firstFitDecreasing(
            item.lengths, capacity: item.capacity, minimumGroups: item.minimum)
        #expect(groups.flatMap(\.self).sorted() == Array(item.lengths.indices))
        #expect(groups.count >= item.minimum)
        #expect(groups.allSatisfy { $0.reduce(0) { $0 + item.lengths[$1] } <= item.capacity })
        #expect(groups.allSatisfy { !$0.isEmpty && $0 == $0.sorted() })
        #expect(groups.map { $0[0] } == groups.map { $0[0] }.sorted())
    }

    @Test(arguments: UInt64(1)...100) func `no more are opened than first fit needs`(seed: UInt64) throws {
        let item = Case(seed: seed)
        let groups = try MicroBatches.firstFitDecreasing(item.lengths, capacity: item.capacity, minimumGroups: 1)
        // A group was opened only where none had room, so any two groups together are above the capacity.
        let tokens = groups.map { $0.reduce(0) { $0 + item.lengths[$1] } }.sorted()
        if tokens.count > 1 { #expect(tokens[tokens.count - 1] + tokens[tokens.count - 2] > item.capacity) }
        let total = item.lengths.reduce(0, +)
        #expect(groups.count <= max(1, 2 * total / item.capacity + 1))
    }

    @Test func `one may be filled to the last token`() throws {
        #expect(try MicroBatches.split([4, 5, 4, 3], by: MicroBatchSpec(maximumTokens: 8)) == [[0, 2], [1, 3]])
    }

    @Test func `a batch smaller than the asked number of micro-batches is cut into single sequences`() throws {
        #expect(try MicroBatches.split([3, 1], by: MicroBatchSpec(minimumCount: 8)) == [[0], [1]])
        #expect(try MicroBatches.split([], by: MicroBatchSpec(minimumCount: 8, maximumTokens: 1)) == [])
    }

    @Test(arguments: [0, -1, 8]) func `a limit that no sequence fits is an error with both numbers`(limit: Int) {
        #expect(throws: WorkerError(.plan, "a sequence of 9 tokens is above the micro-batch limit of \(limit)")) {
            try MicroBatches.split([9, 1], by: MicroBatchSpec(maximumTokens: limit))
        }
    }

    @Test func `fewer sequences than groups is an error with both numbers`() {
        #expect(throws: WorkerError(.plan, "2 sequences cannot be cut into 3 micro-batches")) {
            try MicroBatches.firstFitDecreasing([1, 1], capacity: 9, minimumGroups: 3)
        }
    }

    @Test(arguments: UInt64(1)...40) func `mini-batches share out every index, the larger ones first`(seed: UInt64) {
        var generator = SplitMix(seed: seed)
        let count = Int.random(in: 1...50, using: &generator), parts = Int.random(in: 1...count, using: &generator)
        var again = generator
        let cut = MicroBatches.shuffled(count: count, parts: parts, using: &generator)
        #expect(cut.flatMap(\.self).sorted() == Array(0..<count))
        #expect(cut.map(\.count) == (0..<parts).map { count / parts + ($0 < count % parts ? 1 : 0) })
        #expect(cut == MicroBatches.shuffled(count: count, parts: parts, using: &again))
    }
}

@Suite struct `The rule for answers` {
    @Test(
        arguments: [
            ("42", "42", true, Float(1)), ("42", "42", false, 0.5), (" 42\n", "42", true, 1), ("42", "\t42", true, 1),
            ("4 2", "42", true, 0.5 / 3), ("", "42", true, 0), ("", "", true, 1), ("", "", false, 0.5),
            ("24", "42", true, 0), ("420", "42", true, 1.0 / 3), ("é", "e", true, 0), ("e\u{301}", "é", true, 1),
            ("👩‍👩‍👧", "👩‍👩‍👧", true, 1), ("x42", "42", true, 0),
        ] as [(String, String, Bool, Float)])
    func `earns by what is in its place`(answer: String, expected: String, isFinished: Bool, reward: Float) {
        let rule = AnswerRule(correct: 1, partialCredit: 0.5)
        #expect(abs(rule.reward(answer, expected: expected, isFinished: isFinished) - reward) < 1e-6)
    }

    @Test(arguments: UInt64(1)...40) func `never gives a wrong answer more than the partial credit`(seed: UInt64) {
        var generator = SplitMix(seed: seed)
        func word() -> String {
            String(
                (0..<Int.random(in: 0...6, using: &generator)).compactMap { _ in "01 ".randomElement(using: &generator)
                })
        }
        for _ in 0..<50 {
            let answer = word(), expected = word()
            let share = AnswerRule.shareInPlace(answer, expected: expected)
            #expect((0...1).contains(share))
            #expect((share == 1) == AnswerRule.matches(answer, expected: expected))
            #expect(share == AnswerRule.shareInPlace(expected, expected: answer))
            let rule = AnswerRule(correct: 2, partialCredit: 0.25)
            let reward = rule.reward(answer, expected: expected, isFinished: true)
            #expect(reward == 2 || reward < 0.25)
        }
    }
}
