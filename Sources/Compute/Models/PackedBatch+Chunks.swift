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

    /// Calls `body` with the chunks of `segments`, in order; positions of a sequence begin at `firstPosition` of its
    /// length.
    func withChunks(
        _ segments: [[Range<Int>]], firstPosition: (Int) -> Int = { _ in 0 }, _ body: ([BatchChunk]) -> Void
    ) {
        var positions: [Int32] = []
        positions.reserveCapacity(tokens.count)
        for segment in segments.joined() {
            let first = Int32(firstPosition(segment.count))
            positions.append(contentsOf: first..<first + Int32(segment.count))
        }
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
