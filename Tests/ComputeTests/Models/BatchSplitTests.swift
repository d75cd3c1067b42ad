import Testing

@testable import Compute

@Suite struct BatchSplitTests {
    @Test func `many rows of a small model are claimed in chunks`() {
        let split = split(sequences: 32, length: 128, parameters: 800_000, threads: 2)
        #expect(split.lanes == 8)
        #expect(split.chunks.count == 16)
        #expect(split.longestChunk == 256)
    }

    @Test(arguments: [(16, 5_800_000, 4), (6, 5_800_000, 4), (5, 5_800_000, 5), (7, 100_000, 7), (9, 100_000, 8)])
    func `lanes with several chunks are a power of two, so that threads get as many`(
        chunks: Int, parameters: Int, lanes: Int
    ) {
        #expect(split(sequences: chunks, length: 256, parameters: parameters, threads: 2).lanes == lanes)
    }

    @Test func `few rows are shared op by op`() {
        let split = split(sequences: 3, length: 200, parameters: 800_000, threads: 2)
        #expect(split.lanes == nil)
        #expect(split.chunks == [[0..<200, 200..<400, 400..<600]])
    }

    @Test func `a model too large for a gradient per lane is shared op by op`() {
        #expect(split(sequences: 32, length: 128, parameters: 124_000_000, threads: 2).lanes == nil)
    }

    @Test func `a few large lanes are enough for as many threads`() {
        #expect(split(sequences: 32, length: 128, parameters: 8_000_000, threads: 4).lanes == 4)
        #expect(split(sequences: 32, length: 128, parameters: 8_000_000, threads: 5).lanes == nil)
    }

    private func split(
        sequences: Int, length: Int, parameters: Int, threads: Int
    ) -> (lanes: Int?, chunks: [[Range<Int>]], longestChunk: Int) {
        let sequence = [Int32](repeating: 1, count: length)
        let batch = PackedBatch(sequences: [[Int32]](repeating: sequence, count: sequences))
        let split = BatchSplit(batch, parameters: parameters, threads: threads)
        switch split.sharing {
        case .chunks(let lanes): return (lanes, split.chunks, split.longestChunk)
        case .ops: return (nil, split.chunks, split.longestChunk)
        }
    }
}
