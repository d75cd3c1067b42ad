import Protocol
import SwiftProtobuf
import TestSupport
import Testing

/// Sample metadata from a peer that cannot be trusted.
@Suite struct SampleCodingTests {
    private func column(
        _ key: String = "k", type: String = "int32", counts: [UInt32], lengths: [UInt32]
    ) -> WireSampleColumn {
        .with {
            $0.key = key
            $0.elementType = type
            $0.counts = counts
            $0.lengths = lengths
        }
    }

    private func wire(_ ids: [String], _ columns: [WireSampleColumn]) -> WireSampleMetadata {
        .with {
            $0.ids = ids
            $0.columns = columns
        }
    }

    @Test func `columns travel in key order with their lengths flat`() throws {
        let sample = try SequenceSample(
            ids: ["a", "b", "c"],
            columns: [
                "z": .init(lengths: [[1], [], [2, 0]], elementType: .float32),
                "A": .init(lengths: [[], [], []], elementType: .uint8),
            ])
        let expected = wire(
            ["a", "b", "c"],
            [
                column("A", type: "uint8", counts: [0, 0, 0], lengths: []),
                column("z", type: "float32", counts: [1, 0, 2], lengths: [1, 2, 0]),
            ])
        #expect(WireSampleMetadata(sample) == expected)
        #expect(try expected.sample() == sample)
    }

    @Test func `what contradicts itself is refused in a sentence with the key`() throws {
        let cases: [(WireSampleColumn, String)] = [
            (column(counts: [2], lengths: [1]), "column 'k' announces other counts than it has lengths"),
            (column(counts: [.max], lengths: [1]), "column 'k' announces other counts than it has lengths"),
            (column(counts: [], lengths: [1]), "column 'k' announces other counts than it has lengths"),
            (column(type: "", counts: [1], lengths: [1]), "column 'k' has the unknown element type ''"),
            (column(type: "float64", counts: [1], lengths: [1]), "column 'k' has the unknown element type 'float64'"),
        ]
        for (column, summary) in cases {
            #expect(throws: WireError(.shape, summary)) { try wire(["a"], [column]).sample() }
        }
        #expect(throws: SequenceError("key 'k' has lengths for 2 items, the sample has 1")) {
            try wire(["a"], [column(counts: [1, 1], lengths: [1, 1])]).sample()
        }
        #expect(throws: SequenceError("a sample holds an id twice: a")) { try wire(["a", "a"], []).sample() }
    }

    @Test func `a column that appears twice is refused by key`() {
        let twice = wire(["a"], [column(counts: [1], lengths: [1]), column(counts: [1], lengths: [2])])
        #expect(throws: WireError(.shape, "column 'k' appears twice")) { try twice.sample() }
    }

    @Test func `lengths of four billion are numbers, not memory`() throws {
        let huge = try wire(["a"], [column(counts: [3], lengths: [.max, .max, .max])]).sample()
        #expect(huge.tokensPerItem == [12_884_901_885])
    }

    @Test func `tensor frames must be as many and as long as announced`() throws {
        let metadata = wire(["a"], [column("k", counts: [1], lengths: [2]), column("m", counts: [1], lengths: [1])])
        let good: [[UInt8]] = [[1, 0, 0, 0, 2, 0, 0, 0], [3, 0, 0, 0]]
        #expect(try metadata.sample(frames: good).columns["k"]?.array == .int32([1, 2]))
        let cases: [([[UInt8]], String)] = [
            ([], "a tensor message has 0 frames for 2 columns"),
            ([good[0]], "a tensor message has 1 frames for 2 columns"),
            (good + [[]], "a tensor message has 3 frames for 2 columns"),
            ([good[0], [3, 0, 0]], "column 'm' has 3 bytes of int32"),
            ([good[0] + [0], good[1]], "column 'k' has 9 bytes of int32"),
            ([good[1], good[0]], "key 'k' holds 1 elements, its lengths add up to 2"),
            ([[], good[1]], "key 'k' holds 0 elements, its lengths add up to 2"),
        ]
        for (frames, summary) in cases {
            let error = #expect(throws: (any Error).self) { try metadata.sample(frames: frames) }
            // Columns are checked in no fixed order, so a swap may be told of either.
            let told = (error as? any UserFacingError)?.summary
            #expect(told == summary || told == "key 'm' holds 2 elements, its lengths add up to 1")
        }
    }

    @Test(arguments: UInt64(1)...10)
    func `random counts, lengths and types give a sample that fits or an error`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var accepted = 0
        for _ in 0..<300 {
            let ids = (0..<Int.random(in: 0...3, using: &random)).map { "\($0)" }
            let columns = (0..<Int.random(in: 0...2, using: &random)).map { _ in
                column(
                    ["k", "m"].randomElement(using: &random) ?? "k",
                    type: ["int32", "uint8", "bool"].randomElement(using: &random) ?? "int32",
                    counts: (0..<Int.random(in: 0...3, using: &random)).map { _ in .random(in: 0...2, using: &random) },
                    lengths: (0..<Int.random(in: 0...3, using: &random)).map { _ in .random(in: 0...9, using: &random) }
                )
            }
            let metadata = wire(ids, columns)
            guard let sample = try? metadata.sample() else { continue }
            accepted += 1
            // Only the order of columns may differ.
            #expect(WireSampleMetadata(sample) == wire(ids, columns.sorted { $0.key < $1.key }))
        }
        #expect(accepted > 0)
    }
}
