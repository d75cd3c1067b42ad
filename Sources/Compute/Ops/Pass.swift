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
    /// Cosines and sines of rotary positions; nil where positions are learned.
    var rotary: FloatPointer?
    /// What logits are divided by before anything else is done with them.
    var temperature: Float = 1
    /// Where dropout masks come from; nil when nothing is dropped.
    var dropoutSeed: UInt64?
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

    /// Room for a right-hand operand of `k` rows and `n` columns.
    mutating func reserve(k: Int, n: Int) -> Int {
        let offset = count
        count += (kernels_packed_count(k, n) + 15) / 16 * 16
        return offset
    }
}
