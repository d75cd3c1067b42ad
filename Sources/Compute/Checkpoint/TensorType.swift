/// An element type of a safetensors file, spelled as the format spells it.
package enum TensorType: String, Sendable, CaseIterable {
    case float64 = "F64"
    case float32 = "F32"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case int64 = "I64"
    case int32 = "I32"
    case int16 = "I16"
    case int8 = "I8"
    case unsigned8 = "U8"
    case boolean = "BOOL"

    /// Bytes of one element.
    package var byteWidth: Int {
        switch self {
        case .float64, .int64: 8
        case .float32, .int32: 4
        case .float16, .bfloat16, .int16: 2
        case .int8, .unsigned8, .boolean: 1
        }
    }
}

extension TensorType {
    /// Converts `count` little-endian elements at `source` to f32 at `target`; nil for types that are not weights.
    ///
    /// bf16 is the upper half of an f32, so widening is a shift; f16 widens exactly as well.
    package func widen(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Float>,
    ) -> Int? {
        let count = source.count / byteWidth
        guard count <= target.count else { return nil }
        switch self {
        case .float32:
            for index in 0..<count {
                let bits = source.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
                target[index] = Float(bitPattern: UInt32(littleEndian: bits))
            }
        case .float16:
            for index in 0..<count {
                let bits = source.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
                target[index] = Self.widenHalf(UInt16(littleEndian: bits))
            }
        case .bfloat16:
            for index in 0..<count {
                let bits = source.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
                target[index] = Float(bitPattern: UInt32(UInt16(littleEndian: bits)) << 16)
            }
        default: return nil
        }
        return count
    }

    /// One IEEE half as a float; written out because `Float16` is a slow library call without F16C.
    private static func widenHalf(_ half: UInt16) -> Float {
        let sign: Float = half & 0x8000 == 0 ? 1 : -1
        let exponent = UInt32(half >> 10) & 0x1F
        let fraction = UInt32(half & 0x3FF)
        switch exponent {
        case 0: return sign * Float(fraction) * 0x1p-24
        case 0x1F: return Float(bitPattern: UInt32(half & 0x8000) << 16 | 0x7F80_0000 | fraction << 13)
        default: return sign * Float(bitPattern: (exponent + 112) << 23 | fraction << 13)
        }
    }
}
