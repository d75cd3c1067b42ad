internal import CKernels

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
    /// Whether elements of this type may be a model's weights.
    package var holdsWeights: Bool {
        switch self {
        case .float64, .float32, .float16, .bfloat16: true
        default: false
        }
    }

    /// Converts all elements at `source`, at any address, to f32 at `target`; nil for types that are not weights and
    /// where the target is too short.
    package func widen(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Float>,
    ) -> Int? {
        let count = source.count / byteWidth
        guard holdsWeights, count <= target.count else { return nil }
        guard let from = source.baseAddress, let to = target.baseAddress else { return count }
        switch self {
        case .float32: UnsafeMutableRawPointer(to).copyMemory(from: from, byteCount: count * 4)
        case .float16: kernels_widen_half(from, count, to)
        case .bfloat16: kernels_widen_bfloat(from, count, to)
        default: kernels_widen_double(from, count, to)
        }
        return count
    }
}

// MARK: - Saving

extension TensorType {
    /// The types that weights are saved in.
    package static let saved: [TensorType] = [.float32, .bfloat16, .float16]

    /// The name that `transformers` and PyTorch have for the type.
    package var torchName: String {
        switch self {
        case .float64: "float64"
        case .float32: "float32"
        case .float16: "float16"
        case .bfloat16: "bfloat16"
        case .int64: "int64"
        case .int32: "int32"
        case .int16: "int16"
        case .int8: "int8"
        case .unsigned8: "uint8"
        case .boolean: "bool"
        }
    }

    /// Rounds floats to a type of two bytes; must be one of the saved ones.
    func narrow(_ source: UnsafeBufferPointer<Float>, into target: UnsafeMutableBufferPointer<UInt16>) {
        precondition(target.count >= source.count, "The target has room for every element.")
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        switch self {
        case .float16: kernels_narrow_half(from, source.count, to)
        case .bfloat16: kernels_narrow_bfloat(from, source.count, to)
        default: preconditionFailure("Only halves and bfloats are narrowed to.")
        }
    }
}
