import Foundation
import Protocol
import TestSupport
import Testing

@testable import Workers

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
