/// Rows of a batch that go through the layers together.
struct DecodeBlock {
    /// The part of a sequence that lies in a block.
    struct Part: Equatable {
        /// Its number in the batch.
        let index: Int
        let slot: Int
        /// Rows of the batch.
        let rows: Range<Int>
        /// Position of the first row.
        let position: Int
        /// Whether the sequence ends here.
        let isEnd: Bool
    }

    /// Rows of the batch.
    let rows: Range<Int>
    /// The lane that computes it alone; nil where all lanes share it.
    let lane: Int?
    /// Which of the plan's parts lie in it.
    let parts: Range<Int>
}

/// A batch cut into blocks, in memory that is used again for the next one.
struct DecodePlan {
    private(set) var blocks: [DecodeBlock] = []
    private(set) var parts: [DecodeBlock.Part] = []

    mutating func removeAll() {
        blocks.removeAll(keepingCapacity: true)
        parts.removeAll(keepingCapacity: true)
    }

    /// Cuts some rows of a batch into blocks of at most `most` rows.
    mutating func append(_ rows: Range<Int>, of batch: DecodeBatch, most: Int, lane: Int?) {
        for start in stride(from: rows.lowerBound, to: rows.upperBound, by: most) {
            let block = start..<min(start + most, rows.upperBound)
            let first = parts.count
            for (index, sequence) in batch.sequences.enumerated() where sequence.rows.overlaps(block) {
                let part = sequence.rows.clamped(to: block)
                parts.append(
                    DecodeBlock.Part(
                        index: index, slot: sequence.slot, rows: part,
                        position: sequence.position + part.lowerBound - sequence.rows.lowerBound,
                        isEnd: part.upperBound == sequence.rows.upperBound))
            }
            blocks.append(DecodeBlock(rows: block, lane: lane, parts: first..<parts.count))
        }
    }
}

/// The rows of a block by pointer, valid while the batch is run.
struct DecodeRows {
    /// The row of the batch that the block begins with.
    let first: Int
    let count: Int
    /// Sequences, or parts of them, in the block.
    let parts: UnsafeBufferPointer<DecodeBlock.Part>
    let tokens: UnsafePointer<Int32>
    let positions: UnsafePointer<Int32>

    init(
        _ block: DecodeBlock, parts: UnsafeBufferPointer<DecodeBlock.Part>, tokens: UnsafePointer<Int32>,
        positions: UnsafePointer<Int32>
    ) {
        first = block.rows.lowerBound
        count = block.rows.count
        self.parts = UnsafeBufferPointer(rebasing: parts[block.parts])
        self.tokens = tokens + first
        self.positions = positions + first
    }
}
