import Foundation
import TestSupport
import Testing

@testable import Workers

@Suite struct `The supervised loss` {
    @Test(arguments: try ObjectiveFixture.load().supervised)
    func `has the value and gradient of the reference, and each sequence its perplexity`(
        item: ObjectiveFixture.Supervised
    ) throws {
        let mask = item.mask.flags, result = try SupervisedLoss.evaluate(item.logps, mask: mask)
        #expect(relativeError(result.loss, item.loss) < 1e-6)
        #expect(relativeError(result.coefficients, item.gradient.map { -$0 }) < 1e-6)
        #expect(result.coefficients == SupervisedLoss.coefficients(mask: mask))
        #expect(result.weight == Double(item.mask.reduce(0, +)))
        var start = 0
        for (length, perplexity) in zip(item.lengths, item.perplexities) {
            let range = start..<start + length
            let found = SupervisedLoss.perplexity(item.logps[range], mask: Array(mask[range]))
            // The reference writes -1 for an empty answer.
            #expect(relativeError(found ?? -1, perplexity) < 1e-6)
            start += length
        }
    }

    @Test func `counts the tokens of the mask alone`() throws {
        let result = try SupervisedLoss.evaluate([-0.5, -2, -0.25], mask: [false, true, true])
        #expect(result.loss == 1.125)
        #expect(result.weight == 2)
        #expect(result.coefficients == [0, 0.5, 0.5])
        #expect(result.statistics["loss"].maximum == 2)
    }

    @Test func `of nothing is nothing`() throws {
        let result = try SupervisedLoss.evaluate([-1, .nan], mask: [false, false])
        #expect(result == MicroBatchLoss(loss: 0, weight: 0, coefficients: [0, 0], statistics: result.statistics))
        #expect(SupervisedLoss.perplexity([-1], mask: [false]) == nil)
    }

    @Test func `a log-probability that is no number is told, and its coefficient is none either`() throws {
        let result = try SupervisedLoss.evaluate([-1, -.infinity, -1], mask: [true, true, true])
        #expect(result.notFinite?.hasPrefix("the supervised loss of element 1 of a micro-batch is nan") == true)
        #expect(result.loss.isNaN)
        #expect(result.coefficients[1].isNaN)
    }

    @Test func `perplexity of tokens of probability 1/8 is 8, and beyond all numbers infinite`() {
        let eighth = -Float(log(8.0))
        #expect(relativeError(SupervisedLoss.perplexity([eighth, eighth], mask: [true, true]) ?? 0, 8) < 1e-6)
        #expect(SupervisedLoss.perplexity([-1000], mask: [true]) == .infinity)
    }

    @Test func `a mask of another length is refused`() {
        #expect(
            throws: WorkerError(.request, "the supervised loss has 1 outputs for 2 elements of its mask")
        ) { try SupervisedLoss.evaluate([-1], mask: [true, true]) }
    }
}
