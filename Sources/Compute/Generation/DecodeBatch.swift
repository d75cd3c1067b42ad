/// The rows of one forward pass: each a token at a position of a slot's sequence, sequences one after another.
///
/// Every sequence asks for the logits after its last row, which are row `i` of the logits for sequence `i`.
struct DecodeBatch {
    /// Neighbouring rows of one slot.
    struct Sequence: Equatable {
        let slot: Int
        let rows: Range<Int>
        /// Position of the first row.
        let position: Int
    }

    private(set) var tokens: [Int32] = []
    private(set) var positions: [Int32] = []
    private(set) var sequences: [Sequence] = []

    /// Number of rows.
    var count: Int { tokens.count }

    mutating func removeAll() {
        tokens.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
        sequences.removeAll(keepingCapacity: true)
    }

    /// Adds tokens of one slot from `position` on and returns the number of the sequence.
    mutating func append(_ new: some Collection<Int32>, at position: Int, slot: Int) -> Int {
        let first = count
        var next = Int32(position)
        for token in new {
            tokens.append(token)
            positions.append(next)
            next += 1
        }
        sequences.append(Sequence(slot: slot, rows: first..<count, position: position))
        return sequences.count - 1
    }

    /// The parts of the sequences that lie in a range of rows, in order.
    func sequences(in range: Range<Int>, _ parts: inout [Sequence]) {
        parts.removeAll(keepingCapacity: true)
        for sequence in sequences where sequence.rows.overlaps(range) {
            let rows = sequence.rows.clamped(to: range)
            let position = sequence.position + rows.lowerBound - sequence.rows.lowerBound
            parts.append(Sequence(slot: sequence.slot, rows: rows, position: position))
        }
    }
}
