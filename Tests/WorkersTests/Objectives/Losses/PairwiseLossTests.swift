import Foundation
import TestSupport
import Testing

@testable import Workers

@Suite struct `The reward model's loss` {
    @Test(arguments: try ObjectiveFixture.load().paired)
    func `has the value and gradient of the reference`(item: ObjectiveFixture.Paired) throws {
        let result = try PairedRewardLoss.evaluate(item.scores, pairs: item.pairs)
        #expect(relativeError(result.loss, item.loss) < 1e-6)
        #expect(relativeError(result.coefficients, item.gradient) < 1e-6)
        #expect(result.weight == Double(item.pairs.reduce(0, +)))
        #expect(relativeError(result.statistics["accuracy"].mean, item.accuracy) < 1e-9)
        #expect(relativeError(result.statistics["loss"].sum, item.loss) < 1e-6)
    }

    @Test func `a prompt with two pairs weighs as much as one with one`() throws {
        let result = try PairedRewardLoss.evaluate([1, 1, 2, 2, 3, 3], pairs: [2, 1])
        #expect(abs(result.loss - 2 * log(2.0)) < 1e-12)
        #expect(result.coefficients == [-0.25, 0.25, -0.25, 0.25, -0.5, 0.5])
        #expect(result.statistics["accuracy"].mean == 0)
        #expect(result.statistics["pos_score"].maximum == 3)
    }

    @Test func `scores enter at the last token of their sequences`() {
        #expect(PairedRewardLoss.atLastTokens([0.5, 2, -1], lengths: [3, 0, 1]) == [0, 0, 0.5, -1])
    }

    @Test(arguments: [Float.nan, .infinity]) func `a score that is no number is told`(odd: Float) throws {
        let result = try PairedRewardLoss.evaluate([0, 0, odd, 0], pairs: [1, 1])
        #expect(result.notFinite?.hasPrefix("the reward loss of element 2") == true)
        #expect(result.loss.isNaN)
        // Its partner would take half of a pair that is none.
        #expect(result.coefficients[3].isNaN || result.coefficients[3] == 0)
    }

    @Test func `an odd number of scores is refused`() {
        #expect(throws: WorkerError(.request, "the reward loss got 3 scores for 1 pairs")) {
            try PairedRewardLoss.evaluate([1, 2, 3], pairs: [1])
        }
    }

    @Test func `a reward is the score shifted, then scaled`() {
        #expect(RewardScaling(scaling: 2, bias: 0.5).reward(ofScore: 3) == 5)
        #expect(RewardScaling().reward(ofScore: 3) == 3)
    }
}

@Suite struct `The preference loss` {
    @Test(arguments: try ObjectiveFixture.load().preference)
    func `has the value and gradient of the reference, token by token`(item: ObjectiveFixture.Preference) throws {
        let masks = item.masks.map(\.flags)
        func sums(_ rows: [[Float]]) -> [Float] {
            zip(rows, masks).map { PreferenceLoss.sequenceLogProbability($0, mask: $1) }
        }
        let result = try PreferenceLoss(beta: item.beta).evaluate(
            policy: sums(item.policy), reference: sums(item.reference))
        #expect(relativeError(result.loss, item.loss) < 1e-5)
        let tokens = PreferenceLoss.onTokens(result.coefficients, masks: masks)
        #expect(relativeError(tokens, item.gradient.flatMap(\.self).map { -$0 }) < 1e-5)
        #expect(relativeError(result.statistics["pos_score"].sum, item.posScore) < 1e-5)
        #expect(relativeError(result.statistics["neg_score"].sum, item.negScore) < 1e-5)
        #expect(relativeError(result.statistics["kl"].sum, item.kl) < 1e-5)
    }

    @Test func `a policy that is still the reference loses ln 2 and pulls with half of beta`() throws {
        let result = try PreferenceLoss(beta: 0.5).evaluate(policy: [-3, -4], reference: [-3, -4])
        #expect(abs(result.loss - log(2.0)) < 1e-12)
        #expect(result.coefficients == [0.25, -0.25])
        #expect(result.statistics["accuracy"].mean == 0)
    }

    @Test func `swapping pairs swaps coefficients and keeps the loss`() throws {
        let loss = PreferenceLoss(beta: 0.1), reference: [Float] = [-5, -5, -5, -5]
        let one = try loss.evaluate(policy: [-3, -4, -9, -1], reference: reference)
        let other = try loss.evaluate(policy: [-9, -1, -3, -4], reference: reference)
        #expect(relativeError(one.loss, other.loss) < 1e-12)
        #expect(Array(one.coefficients[2...] + one.coefficients[..<2]) == other.coefficients)
    }

    @Test func `sequences that are no pairs, and references that are no numbers, are refused`() {
        let loss = PreferenceLoss(beta: 0.1)
        #expect(throws: WorkerError.self) { try loss.evaluate(policy: [-1], reference: [-1]) }
        #expect(throws: WorkerError.self) { try loss.evaluate(policy: [-1, -1], reference: [-1]) }
        #expect(throws: WorkerError.self) { try loss.evaluate(policy: [-1, -1], reference: [-1, .nan]) }
    }

    @Test func `a sequence that the model finds impossible is told`() throws {
        let result = try PreferenceLoss(beta: 0.1).evaluate(policy: [-.infinity, -1], reference: [-1, -1])
        #expect(result.notFinite != nil)
        #expect(result.coefficients[0].isNaN)
    }
}

@Suite struct `The logistic loss` {
    @Test(arguments: [-1e4, -40, -1, 0, 1, 40, 1e4]) func `has a slope of its own at every margin`(margin: Double) {
        #expect(LogisticLoss.value(margin) >= 0)
        #expect((-1...0).contains(LogisticLoss.slope(margin)))
        let difference = (LogisticLoss.value(margin + 1e-5) - LogisticLoss.value(margin - 1e-5)) / 2e-5
        #expect(abs(difference - LogisticLoss.slope(margin)) < 1e-7)
    }

    @Test func `far on the wrong side it costs the margin, far on the right side a little`() {
        #expect(LogisticLoss.value(-1e6) == 1e6)
        #expect(LogisticLoss.value(50) == exp(-50.0))
        #expect(LogisticLoss.slope(50) == -exp(-50.0))
    }
}
