import Protocol
import Testing

/// What a sample refuses, and in which words.
@Suite struct SampleRefusalTests {
    private func sample(_ ids: [String], _ columns: [SequenceKey: PackedArray]) throws -> SequenceSample {
        try SequenceSample(
            ids: ids,
            columns: columns.mapValues { array in
                .init(lengths: ids.map { _ in [array.count / ids.count] }, array: array)
            })
    }

    private func metadata(_ id: String, _ type: PackedArray.ElementType) throws -> SequenceSample {
        try SequenceSample(ids: [id], columns: ["k": .init(lengths: [[1]], elementType: type)])
    }

    @Test func `gathering metadata of different element types is refused as gathering data is`() throws {
        let expected = SequenceError("key 'k' mixes element types, or metadata with data")
        let kinds = try [metadata("a", .int32), metadata("b", .float32)]
        #expect(throws: expected) { try SequenceSample.gathered(kinds) }
        let data = try sample(["c"], ["k": .int32([1])])
        #expect(throws: expected) { try SequenceSample.gathered([data, kinds[0]]) }
        #expect(throws: expected) { try SequenceSample.gathered([kinds[0], data]) }
    }

    @Test func `gathering names the first key by name that a later sample lacks`() throws {
        let whole = try sample(["a"], ["z": .uint8([1]), "b": .uint8([1]), "y": .uint8([1])])
        let bare = try sample(["c"], ["q": .uint8([1])])
        #expect(throws: SequenceError("a gathered sample lacks key 'b'")) {
            try SequenceSample.gathered([whole, bare])
        }
    }

    @Test func `gathering names both sets of keys when a later sample has more`() throws {
        let few = try sample(["a"], ["b": .uint8([1])])
        let more = try sample(["c"], ["b": .uint8([1]), "x": .uint8([1])])
        #expect(throws: SequenceError("gathered samples have different keys: [b, x] and [b]")) {
            try SequenceSample.gathered([few, more])
        }
    }

    @Test func `an item gathered twice is named`() throws {
        let one = try sample(["p/1"], ["k": .int32([1])])
        #expect(throws: SequenceError("a sample holds an id twice: p/1")) { try SequenceSample.gathered([one, one]) }
        #expect(throws: SequenceError("a sample holds an id twice: p/1")) { try one.items(at: [0, 0]) }
    }

    @Test func `gathering nothing gives the empty sample`() throws {
        let empty = try SequenceSample.gathered([])
        #expect(empty.ids.isEmpty && empty.columns.isEmpty && empty.tokensPerItem.isEmpty)
        #expect(try empty.unpacked().isEmpty)
    }

    @Test func `picking no items keeps keys and element types`() throws {
        let none = try sample(["a"], ["k": .float32([1])]).items(at: [])
        #expect(none.columns["k"] == .init(lengths: [], array: .float32([])))
    }

    @Test func `selecting from a sample without columns says that it has none`() throws {
        let bare = try SequenceSample(ids: ["a"], columns: [:])
        #expect(throws: SequenceError("the sample has no key 'k' (it has none)")) { try bare.selecting(["k"]) }
    }

    @Test func `merging replaces a key that both have by the newer one`() throws {
        let old = try sample(["a"], ["k": .int32([1]), "kept": .uint8([7])])
        let new = try sample(["a"], ["k": .float32([2])])
        let merged = try old.merging(new)
        #expect(merged.columns["k"]?.array == .float32([2]))
        #expect(merged.columns["kept"]?.array == .uint8([7]))
        #expect(throws: SequenceError("samples of different ids cannot be merged")) {
            try old.merging(sample(["b"], ["k": .int32([1])]))
        }
    }

    @Test(
        arguments: [
            (["a": "b"], ["b": 1, "c": 3]),
            (["a": "b", "b": "a"], ["b": 1, "a": 2, "c": 3]),
            (["a": "c", "b": "c"], ["c": 2]),
            (["b": "c", "c": "b"], ["a": 1, "c": 2, "b": 3]),
            (["nothing": "a"], ["a": 1, "b": 2, "c": 3]),
            (["a": "a"], ["a": 1, "b": 2, "c": 3]),
        ] as [([SequenceKey: SequenceKey], [SequenceKey: UInt8])])
    func `a key renamed to a taken name replaces what was there`(
        map: [SequenceKey: SequenceKey], expected: [SequenceKey: UInt8]
    ) throws {
        let sample = try sample(["i"], ["a": .uint8([1]), "b": .uint8([2]), "c": .uint8([3])])
        let renamed = sample.remappingKeys(map)
        #expect(renamed.columns.mapValues(\.array) == expected.mapValues { .uint8([$0]) })
    }

    @Test(arguments: [
        ([[2], [1]], PackedArray.int32([1, 2]), "key 'k' holds 2 elements, its lengths add up to 3"),
        ([[2]], .int32([1, 2]), "key 'k' has lengths for 1 items, the sample has 2"),
        ([[1], [1], [0]], .int32([1, 2]), "key 'k' has lengths for 3 items, the sample has 2"),
        ([[3], [-1]], .int32([1, 2]), "key 'k' has a negative length"),
        ([[], []], .uint8([0]), "key 'k' holds 1 elements, its lengths add up to 0"),
    ])
    func `columns that do not fit are refused with the numbers`(
        lengths: [[Int]], array: PackedArray, summary: String
    ) {
        let error = #expect(throws: SequenceError.self) {
            try SequenceSample(ids: ["a", "b"], columns: ["k": .init(lengths: lengths, array: array)])
        }
        #expect(error?.summary == summary)
    }
}
