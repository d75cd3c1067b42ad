internal import CKernels

typealias FloatPointer = UnsafePointer<Float>
typealias MutableFloatPointer = UnsafeMutablePointer<Float>

/// What every op needs to run: the threads, the weights in both forms, and memory to work in.
///
/// Pointers stay valid for one forward or backward call of the model that owns the arenas.
struct Pass {
    let pool: ThreadPool
    let weights: FloatPointer
    /// Weights as the matrix kernels read them, at the offsets a `PackedLayout` gave.
    let packed: MutableFloatPointer
    /// One scratch area per lane of the pool.
    let scratch: LaneScratch
    /// Where the head's logits lie while it works on them.
    let logits: LogitsMemory
    /// Cosines and sines of rotary positions; nil where positions are learned.
    var rotary: FloatPointer?
    /// What logits are divided by before anything else is done with them.
    var temperature: Float = 1
    /// Where dropout masks come from; nil when nothing is dropped.
    var dropoutSeed: UInt64?
    /// What operands are rounded to.
    var formats = PassFormats(.float32)

    /// Rounds floats in place, over all threads; nothing for single precision.
    func round(_ x: MutableFloatPointer, to format: NumberFormat, count: Int) {
        guard format != .float32 else { return }
        pool.parallelFor(count: count, minimum: 16_384) { range, _ in
            format.round(x + range.lowerBound, count: range.count)
        }
    }
}

extension NumberFormat {
    /// Rounds floats in place, on this thread.
    func round(_ x: MutableFloatPointer, count: Int) {
        switch self {
        case .float32: break
        case .bfloat16: kernels_round_bfloat16(x, count, x)
        case .float16: kernels_round_float16(x, count, x)
        }
    }
}

/// The formats of a `Precision`, looked up once a pass.
struct PassFormats {
    let matmul: NumberFormat
    let weights: NumberFormat
    let attention: NumberFormat
    let embedding: NumberFormat

    init(_ precision: Precision) {
        matmul = precision.format(of: .matmul)
        weights = precision.weightFormat
        attention = precision.format(of: .attention)
        embedding = precision.format(of: .embedding)
    }
}

/// Scratch memory cut into one area per lane, so that no two threads share one.
struct LaneScratch {
    let base: MutableFloatPointer
    let stride: Int

    subscript(lane: Int) -> MutableFloatPointer { base + lane * stride }
}

/// Hands out offsets in the arena of packed weights while a model is put together.
struct PackedLayout {
    private(set) var count = 0
    private let isKept: Bool

    /// Packed weights are twice the weights. They are kept where all of it is small beside the activations of a batch;
    /// packing on the way costs a product of 512 rows a few percent.
    init(weights count: Int) {
        isKept = count <= PackedLayout.mostKeptWeights
    }

    /// Room for a right-hand operand of `k` rows and `n` columns; nil where none is kept.
    mutating func reserve(k: Int, n: Int) -> Int? {
        guard isKept else { return nil }
        let offset = count
        count += (kernels_packed_count(k, n) + 15) / 16 * 16
        return offset
    }

    /// 64 MiB of weights.
    private static let mostKeptWeights = 16 << 20
}
