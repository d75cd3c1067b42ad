/// How a pass shares a batch among threads.
///
/// With many rows each thread takes whole chunks through all layers: nothing waits between ops, activations stay in one
/// core's cache, and a thread that the system puts aside holds up one chunk only. With few rows, or a model whose
/// gradients are too many to have a copy per lane, all threads share every op.
struct BatchSplit {
    enum Sharing {
        /// Chunks are claimed whole. Gradients are summed in this many lanes, chunk `i` in lane `i % lanes`: a number
        /// that depends on the batch and model only, so sums do not depend on the threads.
        case chunks(lanes: Int)
        case ops
    }

    let sharing: Sharing
    /// Segments of each chunk, in batch rows.
    let chunks: [[Range<Int>]]
    /// Rows of the largest chunk.
    let longestChunk: Int

    init(_ batch: PackedBatch, parameters: Int, threads: Int) {
        let small = batch.segments(perChunkOf: BatchSplit.rowsPerClaimedChunk)
        let lanes = BatchSplit.lanes(chunks: small.count, parameters: parameters)
        if lanes >= max(4, threads) {
            sharing = .chunks(lanes: lanes)
            chunks = small
        } else {
            sharing = .ops
            chunks = batch.segments(perChunkOf: BatchSplit.rowsPerSharedChunk)
        }
        longestChunk = chunks.reduce(0) { max($0, PackedBatch.rows(of: $1).count) }
    }

    /// Lanes that fit in memory; where each gets several chunks, a power of two, so that threads, which are nearly always
    /// as many, get about as many chunks each.
    private static func lanes(chunks: Int, parameters: Int) -> Int {
        let most = min(largestLanes, laneFloats / max(parameters, 1))
        if chunks <= most { return chunks }
        return most < 2 ? most : 1 << (Int.bitWidth - 1 - most.leadingZeroBitCount)
    }

    private static let rowsPerClaimedChunk = 256
    private static let rowsPerSharedChunk = 1024
    private static let largestLanes = 8
    /// 128 MiB of gradients.
    private static let laneFloats = 32 << 20
}
