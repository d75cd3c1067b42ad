import Protocol
import TestSupport
import Testing

@Suite struct PackedArrayTests {
    @Test(
        arguments: [
            (PackedArray.int32([1, -2, .max]), [1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
            (.int64([0x0102_0304_0506_0708]), [8, 7, 6, 5, 4, 3, 2, 1]),
            (.float32([1, -0.0]), [0, 0, 0x80, 0x3f, 0, 0, 0, 0x80]),
            (.float32([.infinity]), [0, 0, 0x80, 0x7f]),
            (.uint8([0, 255]), [0, 255]),
            (.int32([]), []),
        ] as [(PackedArray, [UInt8])])
    func `the wire carries little-endian bytes`(array: PackedArray, bytes: [UInt8]) {
        #expect(array.littleEndianBytes == bytes)
        #expect(PackedArray(array.elementType, littleEndianBytes: bytes) == array)
    }

    @Test(arguments: PackedArray.ElementType.allCases)
    func `random bytes of a whole number of elements come back bit for bit, others are refused`(
        type: PackedArray.ElementType
    ) throws {
        var random = SplitMix(seed: 3)
        for length in 0...40 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            let array = PackedArray(type, littleEndianBytes: bytes)
            guard length % type.size == 0 else {
                #expect(array == nil)
                continue
            }
            // Random bits hold signalling NaNs, which must not be quieted on the way.
            #expect(array?.littleEndianBytes == bytes)
            #expect(array?.count == length / type.size)
            #expect(array?.elementType == type)
        }
    }

    @Test func `bytes are read from the middle of a larger buffer`() {
        let frame: [UInt8] = [9, 9, 9, 1, 0, 0, 0, 2, 0, 0, 0, 9]
        #expect(PackedArray(.int32, littleEndianBytes: frame[3..<11]) == .int32([1, 2]))
    }

    @Test(arguments: PackedArray.ElementType.allCases)
    func `slices of any cut join to the whole`(type: PackedArray.ElementType) throws {
        var random = SplitMix(seed: 5)
        for _ in 0..<50 {
            let count = Int.random(in: 0...12, using: &random)
            let bytes = (0..<count * type.size).map { _ in UInt8.random(in: 0...100, using: &random) }
            let whole = try #require(PackedArray(type, littleEndianBytes: bytes))
            let cuts = [0] + (0..<3).map { _ in Int.random(in: 0...count, using: &random) }.sorted() + [count]
            let parts = zip(cuts, cuts.dropFirst()).map { whole.slice($0..<$1) }
            #expect(PackedArray.concatenated(parts) == whole)
            #expect(parts.map(\.count).reduce(0, +) == count)
        }
    }

    @Test func `arrays of different element types never join, not even empty ones`() {
        let kinds: [PackedArray] = [.int32([]), .int64([]), .float32([]), .uint8([])]
        for left in kinds {
            for right in kinds {
                let joined = PackedArray.concatenated([left, right])
                #expect(joined == (left.elementType == right.elementType ? left : nil))
            }
        }
        #expect(PackedArray.concatenated([]) == nil)
    }

    @Test(arguments: [("int32", 4), ("int64", 8), ("float32", 4), ("uint8", 1)])
    func `element types are known on the wire by these names and sizes`(name: String, size: Int) {
        #expect(PackedArray.ElementType(rawValue: name)?.size == size)
    }

    @Test(arguments: ["", "Int32", "int32 ", "float16", "bfloat16", "double", "uint64"])
    func `other element types are unknown`(name: String) {
        #expect(PackedArray.ElementType(rawValue: name) == nil)
    }
}
