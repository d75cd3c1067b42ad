import Foundation
import Testing

@testable import Workers

@Suite struct `The running scale of values` {
    @Test(arguments: try ObjectiveFixture.load().valueNormalizer)
    func `follows the reference, batch after batch`(item: ObjectiveFixture.Normalizer) throws {
        var normalizer = ValueNormalizer(beta: item.beta)
        for batch in item.batches {
            try normalizer.update(returns: [batch.returns], masks: [batch.mask.flags])
            #expect(relativeError(normalizer.mean, batch.mean) < 1e-7)
            #expect(relativeError(normalizer.deviation, batch.deviation) < 1e-7)
            #expect(relativeError(normalizer.normalized(batch.probe), batch.normalized) < 1e-6)
            #expect(relativeError(normalizer.denormalized(batch.probe), batch.denormalized) < 1e-6)
        }
    }

    @Test func `after one batch is that batch's, however slow the average`() throws {
        var normalizer = ValueNormalizer(beta: 0.9999)
        try normalizer.update(returns: [[2, 4], [100, 6]], masks: [[true, true], [false, true]])
        #expect(abs(normalizer.mean - 4) < 1e-6)
        #expect(abs(normalizer.deviation - (8.0 / 3).squareRoot()) < 1e-6)
    }

    @Test func `before any batch the mean is 0 and the variance the least`() {
        let normalizer = ValueNormalizer()
        #expect(normalizer.mean == 0)
        #expect(normalizer.deviation == 0.1)
        #expect(normalizer.normalized([0.2, 7, -7]) == [2, 5, -5])
    }

    @Test func `within the limit, denormalising undoes normalising`() throws {
        var normalizer = ValueNormalizer(beta: 0.9)
        try normalizer.update(returns: [[-3, 1, 8]], masks: [[true, true, true]])
        let values: [Float] = [-10, -0.5, 0, 2.5, 20]
        let back = normalizer.denormalized(normalizer.normalized(values))
        #expect(relativeError(back, values.map(Double.init)) < 1e-5)
    }

    @Test func `without a token that counts nothing changes, and what is no number is refused`() throws {
        var normalizer = ValueNormalizer()
        try normalizer.update(returns: [[1, 2]], masks: [[true, true]])
        let before = normalizer
        try normalizer.update(returns: [[.nan], []], masks: [[false], []])
        #expect(normalizer == before)
        #expect(throws: WorkerError(.request, "a return of the critic's batch is nan")) {
            try normalizer.update(returns: [[1, .nan]], masks: [[true, true]])
        }
        #expect(normalizer == before)
    }

    @Test func `goes on from what it wrote down`() throws {
        var normalizer = ValueNormalizer(beta: 0.5)
        try normalizer.update(returns: [[1, 5]], masks: [[true, true]])
        var other = try JSONDecoder().decode(ValueNormalizer.self, from: JSONEncoder().encode(normalizer))
        try normalizer.update(returns: [[9]], masks: [[true]])
        try other.update(returns: [[9]], masks: [[true]])
        #expect(other == normalizer)
    }
}
