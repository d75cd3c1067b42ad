/// A run of whole sequences of a batch, small enough that its activations stay in cache from one op to the next.
///
/// Pointers are to the first row of the chunk and valid inside `PackedBatch.forEachChunk`.
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
    /// Rows after which a chunk ends with the sequence it is in.
    static let chunkRows = 1024

    /// Segments of each chunk, in batch rows.
    func chunks() -> [[Range<Int>]] {
        var chunks: [[Range<Int>]] = []
        var current: [Range<Int>] = []
        for index in 0..<sequenceCount {
            let segment = range(ofSequence: index)
            if segment.isEmpty { continue }
            if let first = current.first, segment.upperBound - first.lowerBound > PackedBatch.chunkRows {
                chunks.append(current)
                current = []
            }
            current.append(segment)
        }
        if !current.isEmpty { chunks.append(current) }
        return chunks
    }

    /// Rows of the largest chunk.
    var longestChunk: Int {
        chunks().reduce(0) { longest, segments in
            guard let first = segments.first, let last = segments.last else { return longest }
            return max(longest, last.upperBound - first.lowerBound)
        }
    }

    /// Calls `body` with each chunk in order.
    func forEachChunk(_ body: (BatchChunk) -> Void) {
        for segments in chunks() {
            guard let first = segments.first, let last = segments.last else { continue }
            let start = first.lowerBound
            let positions = segments.flatMap { (0..<Int32($0.count)) }
            tokens.withUnsafeBufferPointer { tokens in
                targets.withUnsafeBufferPointer { targets in
                    positions.withUnsafeBufferPointer { positions in
                        guard let tokens = tokens.baseAddress, let targets = targets.baseAddress,
                            let positions = positions.baseAddress
                        else { return }
                        body(
                            BatchChunk(
                                start: start, rows: last.upperBound - start,
                                segments: segments.map { ($0.lowerBound - start)..<($0.upperBound - start) },
                                tokens: tokens + start, targets: targets + start, positions: positions))
                    }
                }
            }
        }
    }
}
