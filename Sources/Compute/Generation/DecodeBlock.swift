/// Who computes a block.
enum DecodeTeam {
    /// One lane alone, with its own memory.
    case lane(Int)
    /// All lanes, which share every matrix.
    case everyLane
}

/// Rows of a batch that go through the layers together.
struct DecodeBlock {
    /// The part of a sequence that lies in the block.
    struct Part {
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

    let batch: DecodeBatch
    /// Rows of the batch.
    let rows: Range<Int>
    let team: DecodeTeam
    let sequences: [Part]

    init(batch: DecodeBatch, rows: Range<Int>, team: DecodeTeam) {
        self.batch = batch
        self.rows = rows
        self.team = team
        var parts: [Part] = []
        for (index, sequence) in batch.sequences.enumerated() where sequence.rows.overlaps(rows) {
            let part = sequence.rows.clamped(to: rows)
            parts.append(
                Part(
                    index: index, slot: sequence.slot, rows: part,
                    position: sequence.position + part.lowerBound - sequence.rows.lowerBound,
                    isEnd: part.upperBound == sequence.rows.upperBound))
        }
        sequences = parts
    }

    /// The block with only its first rows.
    private init(_ block: DecodeBlock, rows: Range<Int>) {
        batch = block.batch
        self.rows = rows
        team = block.team
        sequences = []
    }

    /// Its first `count` rows, as memory for whatever was gathered there.
    func narrowed(to count: Int) -> DecodeBlock {
        DecodeBlock(self, rows: rows.lowerBound..<rows.lowerBound + count)
    }

    /// So few rows for all lanes that each lane normalises all of them for itself instead of waiting for the others.
    var isNarrow: Bool {
        if case .everyLane = team { return rows.count <= DecodeMemory.narrowRows }
        return false
    }
}
