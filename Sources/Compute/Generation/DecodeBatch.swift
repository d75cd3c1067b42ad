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

    /// Calls `body` with tokens and positions by pointer, unless there are none.
    func withRows(_ body: (_ tokens: UnsafePointer<Int32>, _ positions: UnsafePointer<Int32>) -> Void) {
        tokens.withUnsafeBufferPointer { tokens in
            positions.withUnsafeBufferPointer { positions in
                guard let tokens = tokens.baseAddress, let positions = positions.baseAddress else { return }
                body(tokens, positions)
            }
        }
    }

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

    /// Rows of whole sequences for each of `parts` lanes, about equally much work; fewer where sequences are too few.
    ///
    /// A row costs `rowCost` and the positions it attends to.
    func shares(_ parts: Int, rowCost: Int) -> [Range<Int>] {
        let total = sequences.reduce(0) { $0 + $1.cost(rowCost) }
        var shares: [Range<Int>] = []
        var start = 0
        var done = 0
        for sequence in sequences {
            done += sequence.cost(rowCost)
            // A share ends with the sequence that brings the sum to its part, the last one with the batch.
            if done * parts >= total * (shares.count + 1), shares.count < parts - 1 || sequence.rows.upperBound == count
            {
                shares.append(start..<sequence.rows.upperBound)
                start = sequence.rows.upperBound
            }
        }
        return shares
    }
}

extension DecodeBatch.Sequence {
    fileprivate func cost(_ rowCost: Int) -> Int {
        rows.count * (rowCost + position) + rows.count * (rows.count + 1) / 2
    }
}
