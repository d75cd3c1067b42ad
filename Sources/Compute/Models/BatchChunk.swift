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
    /// Each row's position in its own sequence.
    let positions: UnsafePointer<Int32>
}

extension PackedBatch {
    /// The batch's sequences in chunks of at most `rows` rows, a longer sequence being a chunk of its own.
    func segments(perChunkOf rows: Int) -> [[Range<Int>]] {
        var chunks: [[Range<Int>]] = []
        var current: [Range<Int>] = []
        for index in 0..<sequenceCount {
            let segment = range(ofSequence: index)
            if segment.isEmpty { continue }
            if let first = current.first, segment.upperBound - first.lowerBound > rows {
                chunks.append(current)
                current = []
            }
            current.append(segment)
        }
        if !current.isEmpty { chunks.append(current) }
        return chunks
    }

    /// Calls `body` with the chunks of `segments`, in order.
    func withChunks(_ segments: [[Range<Int>]], _ body: ([BatchChunk]) -> Void) {
        let positions = segments.joined().flatMap { 0..<Int32($0.count) }
        tokens.withUnsafeBufferPointer { tokens in
            targets.withUnsafeBufferPointer { targets in
                positions.withUnsafeBufferPointer { positions in
                    guard let tokens = tokens.baseAddress, let targets = targets.baseAddress,
                        let positions = positions.baseAddress
                    else { return }
                    body(
                        segments.map { segments in
                            let rows = PackedBatch.rows(of: segments)
                            let first = rows.lowerBound
                            return BatchChunk(
                                start: first, rows: rows.count,
                                segments: segments.map { ($0.lowerBound - first)..<($0.upperBound - first) },
                                tokens: tokens + first, targets: targets + first,
                                positions: positions + first)
                        })
                }
            }
        }
    }

    /// The rows a chunk's segments cover.
    static func rows(of segments: [Range<Int>]) -> Range<Int> {
        guard let first = segments.first, let last = segments.last else { return 0..<0 }
        return first.lowerBound..<last.upperBound
    }
}
