/// A run of whole sequences of a batch, small enough that its activations stay in cache from one op to the next.
///
/// Pointers are to the first row of the chunk and valid inside `PackedBatch.withChunks`.
struct BatchChunk {
    /// Its first row in the batch.
    let start: Int
    let rows: Int
    /// Rows of each sequence, counted from the chunk's first; none is empty.
    let segments: [Range<Int>]
    let tokens: UnsafePointer<Int32>
    let targets: UnsafePointer<Int32>
    /// Each row's row in the table of positions: its position in its own sequence, but for rotary tables of one length.
    let positions: UnsafePointer<Int32>
}
