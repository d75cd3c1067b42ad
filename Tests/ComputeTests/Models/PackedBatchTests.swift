import Testing

@testable import Compute

@Suite struct PackedBatchTests {
    private let spec = ModelSpec.gpt2(vocabularySize: 10, contextLength: 4, width: 8, layers: 1, heads: 1)

    @Test func `targets are the next tokens, and the last token of each sequence has none`() {
        let batch = PackedBatch(sequences: [[1, 2, 3], [], [4], [5, 6]])
        #expect(batch.tokens == [1, 2, 3, 4, 5, 6])
        #expect(batch.targets == [2, 3, -1, -1, 6, -1])
        #expect(batch.sequenceStarts == [0, 3, 3, 4, 6])
        #expect(batch.range(ofSequence: 3) == 4..<6)
    }

    @Test(arguments: [
        ([[1, 2, 3, 4, 5]], "Sequence 0 has 5 tokens; the model's context is 4."),
        ([[1, 10]], "Token 10 is outside the vocabulary of 10."),
        ([[1], [-3]], "Token -3 is outside the vocabulary of 10."),
    ])
    func `what the model cannot take is explained`(sequences: [[Int32]], detail: String) {
        let error = #expect(throws: ComputeError.self) { try PackedBatch(sequences: sequences).validate(for: spec) }
        #expect(error?.code == .invalidBatch)
        #expect(error?.detail == detail)
    }

    @Test func `arrays that do not fit together are refused`() {
        var short = PackedBatch(sequences: [[1, 2], [3]])
        short.targets.removeLast()
        #expect(throws: ComputeError.self) { try short.validate(for: spec) }
        var unordered = PackedBatch(sequences: [[1, 2], [3]])
        unordered.sequenceStarts = [0, 4, 3]
        #expect(throws: ComputeError.self) { try unordered.validate(for: spec) }
        var uncovered = PackedBatch(sequences: [[1, 2], [3]])
        uncovered.sequenceStarts = [0, 2]
        #expect(throws: ComputeError.self) { try uncovered.validate(for: spec) }
    }

    @Test func `chunks hold whole sequences and cover the batch`() {
        let batch = PackedBatch(sequences: [600, 500, 0, 30, 2000, 1].map { [Int32](repeating: 1, count: $0) })
        #expect(batch.chunks() == [[0..<600], [600..<1100, 1100..<1130], [1130..<3130], [3130..<3131]])
        #expect(batch.longestChunk == 2000)
        var positions: [[Int32]] = []
        batch.forEachChunk { positions.append([$0.positions[0], $0.positions[$0.rows - 1]]) }
        #expect(positions == [[0, 599], [0, 29], [0, 1999], [0, 0]])
    }
}
