import Foundation
import TestSupport
import Testing

@testable import Workers

@Suite struct `The critic's loss` {
    @Test(arguments: try ObjectiveFixture.load().value)
    func `has the value and gradient of the reference`(item: ObjectiveFixture.Value) throws {
        let loss = ClippedValueLoss(clip: item.clip, penalty: item.huber == 1 ? .huber : .squared)
        let result = try loss.evaluate(item.values, old: item.old, returns: item.returns, mask: item.mask.flags)
        #expect(relativeError(result.loss, item.loss) < 1e-6)
        #expect(relativeError(result.coefficients, item.gradient) < 1e-6)
        #expect(result.statistics["clip_ratio"].sum == Double(item.clipped))
        #expect(result.weight == Double(item.mask.reduce(0, +)))
    }

    @Test(
        arguments: [
            // value, old, target, loss, slope, clipped
            (1.0, 1.0, 3.0, 2.0, -2.0, false),
            // Moved 0.5 towards the target: the bounded value is further off and wins.
            (1.5, 1.0, 3.0, 1.62, 0.0, true),
            // Moved away: the plain loss is the larger one.
            (0.5, 1.0, 3.0, 3.125, -2.5, false),
            // Exactly at the bound.
            (1.25, 1.0, 3.0, 1.53125, -1.75, false),
        ])
    func `takes the worse of the value and the bounded value`(
        value: Double, old: Double, target: Double, expected: Double, slope: Double, isClipped: Bool
    ) {
        let clip = value == 1.25 ? 0.25 : 0.2
        let token = ClippedValueLoss(clip: clip).token(value: value, old: old, target: target)
        #expect(abs(token.loss - expected) < 1e-12)
        #expect(abs(token.slope - slope) < 1e-12)
        #expect(token.isClipped == isClipped)
    }

    @Test(arguments: [ClippedValueLoss.Penalty.squared, .huber, .huber(delta: 0.5)], [-30.0, -0.7, 0, 0.3, 25])
    func `the slope is the derivative of the loss`(penalty: ClippedValueLoss.Penalty, target: Double) {
        let loss = ClippedValueLoss(clip: 0.2, penalty: penalty)
        for value in [-0.5, -0.15, 0.05, 0.19, 0.6] {
            func at(_ value: Double) -> Double { loss.token(value: value, old: 0, target: target).loss }
            let difference = (at(value + 1e-6) - at(value - 1e-6)) / 2e-6
            #expect(abs(difference - loss.token(value: value, old: 0, target: target).slope) < 1e-6)
        }
    }

    @Test func `a large error costs its length, not its square`() {
        #expect(ClippedValueLoss.Penalty.huber.value(10) == 50)
        #expect(ClippedValueLoss.Penalty.huber.value(-110) == 1050)
        #expect(ClippedValueLoss.Penalty.huber.slope(-110) == -10)
        #expect(ClippedValueLoss.Penalty.squared.value(-110) == 6050)
    }

    @Test func `what stands outside the mask changes nothing`() throws {
        let loss = ClippedValueLoss(clip: 0.2)
        let plain = try loss.evaluate([1, 2], old: [1, 2], returns: [2, 2], mask: [true, false])
        let odd = try loss.evaluate([1, .nan], old: [1, .infinity], returns: [2, .nan], mask: [true, false])
        #expect(plain == odd)
        #expect(plain.coefficients == [-1, 0])
    }

    @Test func `data that is no number is refused, a value that is none is told`() throws {
        let loss = ClippedValueLoss(clip: 0.2)
        let summary = "the value loss got nan as 'return' of element 0 of a micro-batch"
        #expect(throws: WorkerError(.request, summary)) {
            try loss.evaluate([1], old: [1], returns: [.nan], mask: [true])
        }
        let result = try loss.evaluate([.nan], old: [1], returns: [1], mask: [true])
        #expect(result.notFinite?.hasPrefix("the value loss of element 0") == true)
    }
}
