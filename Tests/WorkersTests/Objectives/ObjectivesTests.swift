import Protocol
import Testing

@testable import Workers

@Suite struct SupervisedLossTests {
    @Test func `only tokens of the answer weigh, and the first token is never predicted`() {
        #expect(SupervisedLoss.answerWeights(promptMask: [1, 1, 1, 0, 0]) == [0, 0, 1, 1])
    }

    @Test func `the sum counts negative log-probabilities by weight`() {
        #expect(SupervisedLoss.sum(of: [-0.5, -2, -0.25], weights: [0, 1, 1]) == 2.25)
    }

    @Test func `perplexity of a mean loss of ln 8 is 8`() {
        #expect(abs(perplexity(ofMeanLoss: 2.0794415416798357) - 8) < 1e-12)
    }
}

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

@Suite struct ClippedPolicyLossTests {
    private let loss = ClippedPolicyLoss(clip: 0.2)

    @Test func `the same policy has ratio 1 and the full slope`() {
        let token = loss.token(new: -1, old: -1, advantage: 2)
        #expect(token == .init(loss: -2, slope: -2, ratio: 1, isClipped: false))
    }

    @Test(arguments: [(Float(0.4), Float(1), Float(-1.2)), (-0.4, -1, 0.8)])
    func `going further in a profitable direction is clipped and has no slope`(
        change: Float, advantage: Float, expected: Float
    ) {
        let token = loss.token(new: -1 + change, old: -1, advantage: advantage)
        #expect(token.isClipped)
        #expect(token.slope == 0)
        #expect(abs(token.loss - expected) < 1e-6)
    }

    @Test(arguments: [(Float(0.4), Float(-1)), (-0.4, 1)])
    func `a harmful change keeps its slope however far it went`(change: Float, advantage: Float) {
        let token = loss.token(new: -1 + change, old: -1, advantage: advantage)
        #expect(!token.isClipped)
        #expect(token.slope == token.loss)
    }

    @Test func `the dual clip bounds what one bad token can cost`() {
        let token = ClippedPolicyLoss(clip: 0.2, dualClip: 3).token(new: 1, old: -1, advantage: -2)
        #expect(token.loss == 6)
        #expect(token.slope == 0)
    }

    @Test(arguments: [Float(-0.15), -0.05, 0.1, 0.17], [Float(-1.5), 0.5])
    func `the slope is the derivative of the loss`(change: Float, advantage: Float) {
        let h: Float = 1e-2
        let up = loss.token(new: -1 + change + h, old: -1, advantage: advantage)
        let down = loss.token(new: -1 + change - h, old: -1, advantage: advantage)
        let here = loss.token(new: -1 + change, old: -1, advantage: advantage)
        if !up.isClipped, !down.isClipped { #expect(abs((up.loss - down.loss) / (2 * h) - here.slope) < 1e-3) }
    }
}

@Suite struct ReferenceDivergenceTests {
    @Test func `equal policies do not diverge`() {
        let token = ReferenceDivergence.token(new: -2, reference: -2)
        #expect(token.value == 0)
        #expect(token.slope == 0)
    }

    @Test func `a likelier reference costs e to the difference, less the difference, less one`() {
        let token = ReferenceDivergence.token(new: -2, reference: -1)
        #expect(abs(token.value - 0.7182818) < 1e-6)
        #expect(abs(token.slope + 1.7182818) < 1e-6)
    }

    @Test func `it is never negative`() {
        for step in -20...20 { #expect(ReferenceDivergence.token(new: Float(step) / 4, reference: 0.1).value >= 0) }
    }
}

@Suite struct AnswerRuleTests {
    @Test func `the right answer earns the reward, a wrong one nothing`() {
        let rule = AnswerRule()
        #expect(rule.reward("42", expected: "42", isFinished: true) == 1)
        #expect(rule.reward("43", expected: "42", isFinished: true) == 0)
    }

    @Test func `white space around an answer does not matter`() {
        #expect(AnswerRule().reward(" 42 ", expected: "42", isFinished: true) == 1)
    }

    @Test func `an unfinished answer is not right yet`() {
        #expect(AnswerRule().reward("42", expected: "42", isFinished: false) == 0)
    }

    @Test func `partial credit follows the share of characters in place`() {
        let rule = AnswerRule(correct: 1, partialCredit: 0.5)
        #expect(rule.reward("143", expected: "142", isFinished: true) == 0.5 * 2 / 3)
        #expect(rule.reward("1429", expected: "142", isFinished: true) == 0.375)
        #expect(rule.reward("", expected: "142", isFinished: true) == 0)
    }
}

@Suite struct MicroBatchTests {
    @Test func `without a limit everything is one micro-batch in order`() throws {
        #expect(try MicroBatches.split([5, 1, 9], by: .init()) == [[0, 1, 2]])
    }

    @Test func `longest first, a new group where none has room`() throws {
        #expect(
            try MicroBatches.firstFitDecreasing([6, 5, 4, 3, 2], capacity: 8, minimumGroups: 1)
                == [[0], [1, 4], [2, 3]])
    }

    @Test func `at least as many groups as asked for, balanced by number`() throws {
        #expect(
            try MicroBatches.firstFitDecreasing([4, 4, 4, 4], capacity: 100, minimumGroups: 2) == [[0, 2], [1, 3]])
    }

    @Test func `a sequence above the limit is an error that names both numbers`() {
        #expect(throws: WorkerError(.plan, "a sequence of 9 tokens is above the micro-batch limit of 8")) {
            try MicroBatches.firstFitDecreasing([9], capacity: 8, minimumGroups: 1)
        }
    }

    @Test func `every item is in exactly one mini-batch and sizes differ by one at most`() {
        var generator = SystemRandomNumberGenerator()
        for (count, parts) in [(10, 3), (8, 4), (3, 3), (1, 1)] {
            let cut = MicroBatches.shuffled(count: count, parts: parts, using: &generator)
            #expect(cut.flatMap(\.self).sorted() == Array(0..<count))
            #expect(cut.count == parts)
            #expect((cut.map(\.count).max() ?? 0) - (cut.map(\.count).min() ?? 0) <= 1)
        }
    }
}
