import Glibc

/// Cosines and sines of a model's rotary positions, as far as sequences have needed them.
///
/// A row is `headWidth / 2` cosines, then as many sines. All lengths share the first rows, except those beyond the
/// original context of a dynamic scaling: each of them has rows of its own.
struct RotaryTable {
    private let rotary: RotaryPosition
    private let headWidth: Int
    private let contextLength: Int
    private var memory: Arena
    private var sharedRows = 0
    private var firstRows: [Int: Int] = [:]

    init(_ rotary: RotaryPosition, headWidth: Int, contextLength: Int) throws(ComputeError) {
        self.rotary = rotary
        self.headWidth = headWidth
        self.contextLength = contextLength
        memory = try Arena(count: 0)
    }

    var base: FloatPointer { FloatPointer(memory.base) }

    /// The row of a sequence's first position; its length must have been reserved.
    func firstRow(length: Int) -> Int { firstRows[length] ?? 0 }

    /// Makes the rows that sequences of these lengths need.
    /// - Throws: `.outOfResources`.
    mutating func reserve(_ lengths: some Sequence<Int>) throws(ComputeError) {
        var longest = 0
        var own: Set<Int> = []
        for length in lengths {
            if let limit = rotary.lengthThatMatters, length > limit {
                own.insert(length)
            } else {
                longest = max(longest, length)
            }
        }
        if longest <= sharedRows, own.allSatisfy({ firstRows[$0] != nil }) { return }
        // Doubled, so that growing answers do not make the table anew at every token.
        if longest > sharedRows { sharedRows = min(max(64, 2 * longest), max(contextLength, longest)) }
        memory = try Arena(count: (sharedRows + own.reduce(0, +)) * headWidth)
        fill(firstRow: 0, rows: sharedRows, length: 0)
        firstRows = [:]
        var row = sharedRows
        for length in own.sorted() {
            firstRows[length] = row
            fill(firstRow: row, rows: length, length: length)
            row += length
        }
    }

    /// Angles are products of single-precision numbers, as in Hugging Face's models.
    private func fill(firstRow: Int, rows: Int, length: Int) {
        let (angles, amplitude) = rotary.frequencies(headWidth: headWidth, length: length)
        let half = headWidth / 2
        for position in 0..<rows {
            let row = memory.base + (firstRow + position) * headWidth
            for pair in 0..<half {
                let angle = Double(Float(position) * Float(angles[pair]))
                row[pair] = Float(cos(angle) * amplitude)
                row[half + pair] = Float(sin(angle) * amplitude)
            }
        }
    }
}
