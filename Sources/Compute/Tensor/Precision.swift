/// A number format that values are rounded to. Sums are always taken in single precision.
package enum NumberFormat: String, Sendable, Codable {
    case float32
    case bfloat16
    case float16
}

/// What is computed or stored in fewer than 32 bits. Master weights, optimizer state, gradients of weights and the
/// residual stream are single precision in every mode.
package enum PrecisionMode: String, Sendable, Codable, CaseIterable {
    case float32 = "f32"
    /// Weights are rounded to bfloat16 where they are packed; products are single precision.
    case bfloat16Storage = "bf16-storage"
    /// The operands of white-listed ops are rounded to bfloat16.
    case bfloat16 = "bf16"
    /// The operands of white-listed ops are rounded to binary16, whose range makes a loss scale necessary.
    case float16 = "fp16"

    /// What operands are rounded to.
    package var format: NumberFormat {
        switch self {
        case .float32, .bfloat16Storage: .float32
        case .bfloat16: .bfloat16
        case .float16: .float16
        }
    }

    /// What weights are rounded to before a product.
    package var weightFormat: NumberFormat { self == .bfloat16Storage ? .bfloat16 : format }
}

/// Kinds of ops, as the lists of mixed precision name them.
package enum OpKind: String, Sendable, Codable, CaseIterable {
    /// Products with weights, the head's included.
    case matmul
    /// Products of queries, keys and values.
    case attention
    /// Rows taken from an embedding table.
    case embedding = "lookup_table"
    case softmax
    case norm
    case loss = "cross_entropy"
    case reduction = "reduce_sum"

    /// Whether it may run in low precision at all. The others lose too much, and here always run in single precision.
    var isLowerable: Bool {
        switch self {
        case .matmul, .attention, .embedding: true
        case .softmax, .norm, .loss, .reduction: false
        }
    }
}

/// Which ops round their operands, and to what.
package struct Precision: Sendable, Equatable, Codable {
    package let mode: PrecisionMode
    /// Ops that run in the mode's format; products are safe and gain the most.
    package let whiteList: Set<OpKind>

    /// - Parameter whiteList: added to matmul and attention.
    /// - Parameter blackList: kept in single precision; wins over the white list's defaults.
    /// - Throws: `.unsupportedModel` for an op in both lists and for a white one that always is single precision.
    package init(
        _ mode: PrecisionMode, whiteList: Set<OpKind> = [], blackList: Set<OpKind> = []
    ) throws(ComputeError) {
        if let op = whiteList.intersection(blackList).min(by: { $0.rawValue < $1.rawValue }) {
            throw Precision.refused("op '\(op.rawValue)' is in the white and in the black list")
        }
        if let op = whiteList.filter({ !$0.isLowerable }).min(by: { $0.rawValue < $1.rawValue }) {
            throw Precision.refused("op '\(op.rawValue)' runs in single precision only")
        }
        self.mode = mode
        self.whiteList = whiteList.union([.matmul, .attention]).subtracting(blackList)
    }

    private init(unchecked mode: PrecisionMode) {
        self.mode = mode
        whiteList = [.matmul, .attention]
    }

    /// Single precision throughout.
    package static let float32 = Precision(unchecked: .float32)

    /// What the operands of an op are rounded to.
    package func format(of op: OpKind) -> NumberFormat {
        whiteList.contains(op) ? mode.format : .float32
    }

    /// What weights are rounded to before a product.
    var weightFormat: NumberFormat {
        mode == .bfloat16Storage ? .bfloat16 : format(of: .matmul)
    }

    /// What a person who chose the mode should know; nil where there is nothing to say.
    package var note: String? {
        switch mode {
        case .float32: nil
        case .bfloat16Storage:
            "bf16-storage rounds weights as bfloat16 would; products run in single precision at its speed."
        case .bfloat16, .float16:
            "\(mode.rawValue) compute is emulated here: operands are rounded and multiplied in single precision, so "
                + "results are those of the format but no step is faster."
        }
    }

    private static func refused(_ detail: String) -> ComputeError {
        ComputeError(
            .unsupportedModel, summary: "The precision lists contradict: \(detail).",
            detail: "Lowerable ops: \(OpKind.allCases.filter(\.isLowerable).map(\.rawValue).joined(separator: ", ")).",
            hint: "Correct the white and the black list.")
    }
}
