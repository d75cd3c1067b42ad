import Protocol
import TestSupport
import Testing

@Suite struct SequenceSampleTests {
    private let sample: SequenceSample

    init() throws {
        sample = try SequenceSample(
            ids: ["a", "b", "c"],
            columns: [
                "tokens": .init(lengths: [[2], [3], [1]], array: .int32([1, 2, 3, 4, 5, 6])),
                "rewards": .init(lengths: [[1, 1], [1, 1], [1, 1]], array: .float32([0, 1, 0.5, 1, 0, 0])),
            ])
    }

    @Test func `an array of the wrong length is refused by key`() {
        let error = #expect(throws: SequenceError.self) {
            try SequenceSample(ids: ["a"], columns: ["tokens": .init(lengths: [[3]], array: .int32([1, 2]))])
        }
        #expect(error?.summary == "key 'tokens' holds 2 elements, its lengths add up to 3")
    }

    @Test func `repeated ids and missing length lists are refused`() {
        #expect(throws: SequenceError("a sample holds an id twice: a")) {
            try SequenceSample(ids: ["a", "a"], columns: [:])
        }
        #expect(throws: SequenceError("key 'k' has lengths for 0 items, the sample has 1")) {
            try SequenceSample(ids: ["a"], columns: ["k": .init(lengths: [], elementType: .int32)])
        }
        #expect(throws: SequenceError("key 'k' has a negative length")) {
            try SequenceSample(ids: ["a"], columns: ["k": .init(lengths: [[-1]], elementType: .int32)])
        }
    }

    @Test func `items are picked in any order with all their sequences`() throws {
        let picked = try sample.items(at: [2, 0])
        #expect(picked.ids == ["c", "a"])
        #expect(picked.columns["tokens"]?.array == .int32([6, 1, 2]))
        #expect(picked.columns["rewards"]?.array == .float32([0, 0, 0, 1]))
    }

    @Test func `unpacking and gathering give the sample back`() throws {
        #expect(try SequenceSample.gathered(sample.unpacked()) == sample)
    }

    @Test func `gathering refuses different keys and different element types`() throws {
        let other = try SequenceSample(ids: ["d"], columns: ["tokens": .init(lengths: [[1]], array: .int32([7]))])
        #expect(throws: SequenceError.self) { try SequenceSample.gathered([sample, other]) }
        let floats = try SequenceSample(ids: ["d"], columns: ["tokens": .init(lengths: [[1]], array: .float32([7]))])
        #expect(throws: SequenceError("key 'tokens' mixes element types, or metadata with data")) {
            try SequenceSample.gathered([other, floats])
        }
    }

    @Test func `metadata keeps lengths and types and drops the numbers`() {
        #expect(sample.metadata.columns["tokens"] == .init(lengths: [[2], [3], [1]], elementType: .int32))
        #expect(sample.metadata.ids == sample.ids)
    }

    @Test func `a missing key is named together with those that are there`() {
        #expect(throws: SequenceError("the sample has no key 'values' (it has rewards, tokens)")) {
            try sample.selecting(["values"])
        }
    }

    @Test func `keys are renamed and the rest stays`() {
        #expect(sample.remappingKeys(["tokens": "packed_input_ids"]).keys == ["packed_input_ids", "rewards"])
    }

    @Test func `merging adds keys for the same ids only`() throws {
        let more = try SequenceSample(
            ids: ["a", "b", "c"], columns: ["score": .init(lengths: [[1], [1], [1]], array: .float32([1, 2, 3]))])
        #expect(try sample.merging(more).keys == ["tokens", "rewards", "score"])
        #expect(throws: SequenceError.self) { try sample.merging(sample.items(at: [1, 0, 2])) }
    }

    @Test(arguments: [PackedArray.int32([1, -2]), .int64([1 << 40]), .float32([.nan, 1.5]), .uint8([0, 255])])
    func `every element type survives the wire bit for bit`(array: PackedArray) throws {
        let back = try #require(PackedArray(array.elementType, littleEndianBytes: array.littleEndianBytes))
        #expect(back.littleEndianBytes == array.littleEndianBytes)
        #expect(back.elementType == array.elementType)
    }

    @Test func `bytes that are no whole number of elements are refused`() {
        #expect(PackedArray(.int32, littleEndianBytes: [1, 2, 3]) == nil)
    }

    @Test(arguments: UInt64(1)...20)
    func `any split of any sample gathers to the same sample`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let count = Int.random(in: 1...5, using: &random)
        let lengths = (0..<count).map { _ in
            (0..<Int.random(in: 1...3, using: &random)).map { _ in Int.random(in: 0...4, using: &random) }
        }
        let total = lengths.reduce(0) { $0 + $1.reduce(0, +) }
        let whole = try SequenceSample(
            ids: (0..<count).map { "\($0)" },
            columns: ["k": .init(lengths: lengths, array: .int32((0..<total).map { Int32($0) }))])
        let cut = Int.random(in: 0...count, using: &random)
        let parts = [try whole.items(at: Array(0..<cut)), try whole.items(at: Array(cut..<count))]
        #expect(try SequenceSample.gathered(parts.filter { $0.count > 0 }) == whole)
    }
}
