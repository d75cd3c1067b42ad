import TestSupport
import Testing

@testable import Workers

@Suite struct `Normalised advantages` {
    private let advantages: [[Float]] = [[1, 2], [], [3, 9, 4], [6]]
    private let masks: [[Bool]] = [[true, true], [], [true, false, true], [true]]

    @Test func `by batch: mean 0 and deviation 1 over the tokens that count`() {
        let found = AdvantageNormalization.batch.normalized(advantages, masks: masks, groupSizes: [2, 2])
        // 1, 2, 3, 4, 6: mean 3.2, variance 2.96.
        let expected = [-1.2787, -0.69748, -0.116247, 0, 0.464985, 1.62745]
        #expect(relativeError(found.flatMap(\.self), expected) < 1e-4)
        #expect(found.map(\.count) == [2, 0, 3, 1])
        #expect(found[2][1] == 0)
    }

    @Test func `by group: each prompt's answers by themselves`() {
        let found = AdvantageNormalization.group.normalized(advantages, masks: masks, groupSizes: [2, 1, 1])
        #expect(relativeError(found.flatMap(\.self), [-0.99998, 0.99998, -0.99998, 0, 0.99998, 0]) < 1e-5)
    }

    @Test func `not at all: only the mask is applied`() {
        let found = AdvantageNormalization.none.normalized(advantages, masks: masks, groupSizes: [2, 2])
        #expect(found == [[1, 2], [], [3, 0, 4], [6]])
    }

    @Test(arguments: [Float(0.1), 1e8, -3]) func `equal advantages become exactly nothing`(value: Float) {
        let rows = [Array(repeating: value, count: 1001)], masks = [Array(repeating: true, count: 1001)]
        #expect(AdvantageNormalization.batch.normalized(rows, masks: masks, groupSizes: [1])[0].allSatisfy { $0 == 0 })
    }

    @Test func `a large common part costs no digits`() {
        let rows: [[Float]] = [[16_777_212, 16_777_214, 16_777_216]], masks = [[true, true, true]]
        let found = AdvantageNormalization.batch.normalized(rows, masks: masks, groupSizes: [1])[0]
        #expect(relativeError(found, [-1.2247449, 0, 1.2247449]) < 1e-4)
    }

    @Test(arguments: AdvantageNormalization.allCases) func `without tokens there is nothing to divide by`(
        scope: AdvantageNormalization
    ) {
        #expect(scope.normalized([], masks: [], groupSizes: []) == [])
        #expect(scope.normalized([[5, .nan]], masks: [[false, false]], groupSizes: [1]) == [[0, 0]])
    }
}
