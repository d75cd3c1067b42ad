/// The numbers of one key of a `SequenceSample`: all items laid end to end along dimension 0.
///
/// The element type is kept as it is through every transfer; nothing is widened to f32 on the way.
package enum PackedArray: Sendable, Equatable {
    case int32([Int32])
    case int64([Int64])
    case float32([Float])
    case uint8([UInt8])

    package enum ElementType: String, Sendable, CaseIterable {
        case int32
        case int64
        case float32
        case uint8

        /// Bytes an element takes.
        package var size: Int {
            switch self {
            case .int64: 8
            case .int32, .float32: 4
            case .uint8: 1
            }
        }
    }

    package var elementType: ElementType {
        switch self {
        case .int32: .int32
        case .int64: .int64
        case .float32: .float32
        case .uint8: .uint8
        }
    }

    /// Elements, not bytes.
    package var count: Int {
        switch self {
        case .int32(let values): values.count
        case .int64(let values): values.count
        case .float32(let values): values.count
        case .uint8(let values): values.count
        }
    }

    /// The elements in `range`, of the same type.
    package func slice(_ range: Range<Int>) -> PackedArray {
        switch self {
        case .int32(let values): .int32(Array(values[range]))
        case .int64(let values): .int64(Array(values[range]))
        case .float32(let values): .float32(Array(values[range]))
        case .uint8(let values): .uint8(Array(values[range]))
        }
    }

    /// Joins arrays in order; nil where their element types differ or there is none.
    package static func concatenated(_ arrays: [PackedArray]) -> PackedArray? {
        guard let first = arrays.first else { return nil }
        func joined<Element>(_ pick: (PackedArray) -> [Element]?) -> [Element]? {
            var all: [Element] = []
            for array in arrays {
                guard let part = pick(array) else { return nil }
                all += part
            }
            return all
        }
        switch first {
        case .int32: return joined { if case .int32(let v) = $0 { v } else { nil } }.map(PackedArray.int32)
        case .int64: return joined { if case .int64(let v) = $0 { v } else { nil } }.map(PackedArray.int64)
        case .float32: return joined { if case .float32(let v) = $0 { v } else { nil } }.map(PackedArray.float32)
        case .uint8: return joined { if case .uint8(let v) = $0 { v } else { nil } }.map(PackedArray.uint8)
        }
    }

    /// The elements as little-endian bytes, as the wire carries them.
    package var littleEndianBytes: [UInt8] {
        // Every platform this builds on is little-endian, so memory order is wire order.
        switch self {
        case .int32(let values): values.withUnsafeBytes(Array.init)
        case .int64(let values): values.withUnsafeBytes(Array.init)
        case .float32(let values): values.withUnsafeBytes(Array.init)
        case .uint8(let values): values
        }
    }

    /// Reads what `littleEndianBytes` wrote; nil where the byte count is no multiple of the element size.
    package init?(_ type: ElementType, littleEndianBytes bytes: some RandomAccessCollection<UInt8>) {
        guard bytes.count.isMultiple(of: type.size) else { return nil }
        let contiguous = Array(bytes)
        func load<Element: BitwiseCopyable>(_: Element.Type) -> [Element] {
            contiguous.withUnsafeBytes { raw in
                (0..<raw.count / MemoryLayout<Element>.size).map {
                    raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Element>.size, as: Element.self)
                }
            }
        }
        switch type {
        case .int32: self = .int32(load(Int32.self))
        case .int64: self = .int64(load(Int64.self))
        case .float32: self = .float32(load(Float.self))
        case .uint8: self = .uint8(contiguous)
        }
    }
}
