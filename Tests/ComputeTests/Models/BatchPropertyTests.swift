import Testing

@testable import Compute

private func randomBatch(_ random: inout SeededGenerator, sequences: Int, longest: Int) -> PackedBatch {
    PackedBatch(
        sequences: (0..<sequences).map { _ in
            let count = random.next() % 5 == 0 ? 0 : Int.random(in: 1...longest, using: &random)
            return (0..<count).map { _ in Int32.random(in: 0..<50, using: &random) }
        })
}

private let damages: [(@Sendable (inout PackedBatch) -> Void, String)] = [
    ({ $0.sequenceStarts = [0, 2, 2] }, "do not cover the 3 tokens in order"),
    ({ $0.sequenceStarts = [1, 2, 3] }, "do not cover the 3 tokens in order"),
    ({ $0.sequenceStarts = [] }, "do not cover the 3 tokens in order"),
    ({ $0.sequenceStarts = [0, -1, 3] }, "do not cover the 3 tokens in order"),
    ({ $0.sequenceStarts = [0, 3, 2, 3] }, "do not cover the 3 tokens in order"),
    ({ $0.targets = [2, -1] }, "There are 2 targets for 3 tokens."),
    ({ $0.targets = [2, -2, -1] }, "Target -2 is outside the vocabulary of 9."),
    ({ $0.targets = [9, -1, -1] }, "Target 9 is outside the vocabulary of 9."),
    ({ $0.tokens = [1, .max, 3] }, "Token 2147483647 is outside the vocabulary"),
    ({ $0.tokens = [.min, 1, 3] }, "Token -2147483648 is outside the vocab"),
]

@Suite struct `Batches of random sequences` {
    @Test func `chunks keep to their limit, cut no sequence and hold every token once`() {
        var random = SeededGenerator(seed: 91)
        for _ in 0..<200 {
            let batch = randomBatch(&random, sequences: Int.random(in: 0...30, using: &random), longest: 60)
            let limit = Int.random(in: 1...150, using: &random)
            let segments = batch.segments(perChunkOf: limit)
            #expect(Array(segments.joined().joined()) == Array(batch.tokens.indices))
            let whole = Set((0..<batch.sequenceCount).map { batch.range(ofSequence: $0) })
            #expect(segments.joined().allSatisfy { whole.contains($0) && !$0.isEmpty })
            for chunk in segments {
                #expect(chunk.count == 1 || PackedBatch.rows(of: chunk).count <= limit)
            }
            // No chunk could have taken the first sequence of the next one as well.
            for (chunk, next) in zip(segments, segments.dropFirst()) {
                #expect(PackedBatch.rows(of: chunk).count + (next.first?.count ?? 0) > limit)
            }
        }
    }

    @Test func `a chunk's rows are the batch's, with positions counted from each sequence's first`() {
        var random = SeededGenerator(seed: 92)
        for _ in 0..<60 {
            let batch = randomBatch(&random, sequences: 12, longest: 20)
            var seen = 0
            batch.withChunks(batch.segments(perChunkOf: 37)) { chunks in
                for chunk in chunks {
                    #expect(chunk.start == seen)
                    seen += chunk.rows
                    #expect(chunk.segments.first?.lowerBound == 0 && chunk.segments.last?.upperBound == chunk.rows)
                    for segment in chunk.segments {
                        for (position, row) in segment.enumerated() {
                            #expect(chunk.positions[row] == Int32(position))
                            #expect(chunk.tokens[row] == batch.tokens[chunk.start + row])
                            #expect(chunk.targets[row] == batch.targets[chunk.start + row])
                        }
                    }
                }
            }
            #expect(seen == batch.tokens.count)
        }
    }

    @Test func `targets are the tokens one place on inside each sequence`() {
        var random = SeededGenerator(seed: 93)
        for _ in 0..<60 {
            let batch = randomBatch(&random, sequences: 9, longest: 12)
            #expect(batch.sequenceCount == 9)
            #expect(batch.sequenceStarts.count == 10)
            for index in 0..<9 {
                let range = batch.range(ofSequence: index)
                guard let last = range.last else { continue }
                #expect(Array(batch.targets[range].dropLast()) == Array(batch.tokens[range].dropFirst()))
                #expect(batch.targets[last] == -1)
            }
        }
    }

    @Test func `a split covers the batch, has lanes for all threads, and does not depend on more threads than lanes`() {
        var random = SeededGenerator(seed: 94)
        var (claimed, shared) = (0, 0)
        for _ in 0..<60 {
            let batch = randomBatch(&random, sequences: Int.random(in: 0...80, using: &random), longest: 150)
            let parameters = Int.random(in: 1...20_000_000, using: &random)
            let threads = Int.random(in: 1...10, using: &random)
            let split = BatchSplit(batch, parameters: parameters, threads: threads)
            #expect(Array(split.chunks.joined().joined()) == Array(batch.tokens.indices))
            #expect(split.longestChunk == split.chunks.map { PackedBatch.rows(of: $0).count }.max() ?? 0)
            if case .chunks(let lanes) = split.sharing {
                claimed += 1
                #expect(lanes >= threads && (4...8).contains(lanes) && lanes <= split.chunks.count)
                #expect(lanes * parameters <= 32 << 20)
                // Fewer threads sum in the same lanes: the result may not depend on them.
                let alone = BatchSplit(batch, parameters: parameters, threads: 1)
                #expect(alone.chunks == split.chunks)
                if case .chunks(let others) = alone.sharing {
                    #expect(others == lanes)
                } else {
                    Issue.record("one thread splits otherwise than \(threads)")
                }
            } else {
                shared += 1
                #expect(split.longestChunk <= 1024)
            }
        }
        #expect(claimed > 5 && shared > 5)
    }

    @Test(arguments: damages)
    func `a batch put together wrongly is refused before a kernel sees it`(
        damage: @Sendable (inout PackedBatch) -> Void, detail: String,
    ) throws {
        var wrong = PackedBatch(sequences: [[1, 2], [3]])
        damage(&wrong)
        let spec = ModelSpec.gpt2(vocabularySize: 9, contextLength: 3, width: 4, layers: 1, heads: 1)
        let model = try LanguageModel(spec: spec, seed: 1, pool: ThreadPool(threads: 1))
        for run in [model.forward, model.score] {
            let error = #expect(throws: ComputeError.self) { try run(wrong, .standard) }
            #expect(error?.code == .invalidBatch)
            #expect(error?.detail.contains(detail) == true, "\(error?.detail ?? "")")
        }
    }
}
