/// The cells in which a frame differs from the one on the screen.
struct FrameDiff {
    private let old: Surface?
    private let new: Surface

    /// Without an old frame every cell differs.
    init(from old: Surface?, to new: Surface) {
        self.old = old?.size == new.size ? old : nil
        self.new = new
    }

    /// Calls with each changed cell, row by row. The right half of a wide character comes with its left half.
    func forEach(_ body: (_ x: Int, _ y: Int, _ cell: Cell) -> Void) {
        for y in 0..<new.height {
            let row = (y * new.width)..<((y + 1) * new.width)
            if let old, old.cells[row] == new.cells[row] { continue }
            for index in row {
                let cell = new.cells[index]
                guard cell.kind != .trailing, isChanged(index) else { continue }
                body(index - row.lowerBound, y, cell)
            }
        }
    }

    private func isChanged(_ index: Int) -> Bool {
        guard let old else { return true }
        if old.cells[index] != new.cells[index] { return true }
        return new.cells[index].kind == .wide && old.cells[index + 1] != new.cells[index + 1]
    }
}
