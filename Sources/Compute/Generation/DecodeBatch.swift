/// The rows of one forward pass: each a token at a position of a slot's sequence, sequences one after another.
struct DecodeBatch {
    private(set) var tokens: [Int32] = []
    private(set) var positions: [Int32] = []
    private(set) var slots: [Int] = []
    /// For each row the row of the logits it asks for, or -1.
    private(set) var logitsRows: [Int] = []
    private(set) var logitsCount = 0
    private var sequenceStarts: [Int] = []

    /// Number of rows.
    var count: Int { tokens.count }
    /// Number of sequences the rows belong to.
    var sequences: Int { sequenceStarts.count }

    mutating func removeAll() {
        tokens.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
        slots.removeAll(keepingCapacity: true)
        logitsRows.removeAll(keepingCapacity: true)
        sequenceStarts.removeAll(keepingCapacity: true)
        logitsCount = 0
    }

    /// Adds tokens of one sequence from `position` on and returns the logits row of the last one.
    mutating func append(_ new: some Collection<Int32>, at position: Int, slot: Int) -> Int {
        sequenceStarts.append(count)
        for (offset, token) in new.enumerated() {
            tokens.append(token)
            positions.append(Int32(position + offset))
            slots.append(slot)
            logitsRows.append(-1)
        }
        logitsRows[count - 1] = logitsCount
        logitsCount += 1
        return logitsCount - 1
    }

    /// Row ranges of whole sequences, about `rows` rows each: what threads share, because a later token of a sequence
    /// needs the keys of the earlier ones and no sequence needs another.
    func tasks(rows: Int) -> [Range<Int>] {
        var tasks: [Range<Int>] = []
        guard count > 0 else { return tasks }
        var start = 0
        for end in sequenceStarts.dropFirst() + [count] where end - start >= rows || end == count {
            tasks.append(start..<end)
            start = end
        }
        return tasks
    }
}
