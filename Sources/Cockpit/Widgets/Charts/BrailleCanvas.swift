/// A bitmap of 2×4 dots a cell, drawn as braille characters or, in ASCII, as the mark nearest to the dots.
struct BrailleCanvas: Sendable {
    let columns: Int
    let rows: Int
    private var cells: [UInt8]

    init(columns: Int, rows: Int) {
        self.columns = max(0, columns)
        self.rows = max(0, rows)
        cells = Array(repeating: 0, count: self.columns * self.rows)
    }

    /// Dots across and down.
    var dotWidth: Int { columns * 2 }
    var dotHeight: Int { rows * 4 }

    /// Sets a dot; y counts from the top. Outside nothing happens.
    mutating func set(x: Int, y: Int) {
        guard x >= 0, x < dotWidth, y >= 0, y < dotHeight else { return }
        cells[(y / 4) * columns + x / 2] |= Self.bits[(y % 4) * 2 + x % 2]
    }

    /// Sets a column of dots, both ends included.
    mutating func vertical(x: Int, from top: Int, to bottom: Int) {
        let first = max(0, min(top, bottom))
        let last = min(dotHeight - 1, max(top, bottom))
        guard first <= last else { return }
        for y in first...last { set(x: x, y: y) }
    }

    /// Joins two dots.
    mutating func line(from start: Point, to end: Point) {
        let steps = max(abs(end.x - start.x), abs(end.y - start.y))
        guard steps > 0 else { return set(x: start.x, y: start.y) }
        for step in 0...steps {
            let share = Double(step) / Double(steps)
            set(
                x: start.x + Int((Double(end.x - start.x) * share).rounded()),
                y: start.y + Int((Double(end.y - start.y) * share).rounded()))
        }
    }

    /// Draws the cells that have dots; the others keep what is below.
    func render(in surface: inout Surface, x: Int, y: Int, role: Role, attributes: Attributes = []) {
        for row in 0..<rows {
            for column in 0..<columns where cells[row * columns + column] != 0 {
                let dots = cells[row * columns + column]
                let scalar = surface.glyphs.repertoire == .unicode ? Self.braille(dots) : Self.ascii(dots)
                surface.put(scalar, x: x + column, y: y + row, role: role, attributes: attributes)
            }
        }
    }

    /// The bits of U+2800's dots, row by row.
    private static let bits: [UInt8] = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80]

    private static func braille(_ dots: UInt8) -> Unicode.Scalar {
        Unicode.Scalar(0x2800 + UInt32(dots)) ?? " "
    }

    private static func ascii(_ dots: UInt8) -> Unicode.Scalar {
        let top = dots & 0x09 != 0
        let middle = dots & 0x36 != 0
        let bottom = dots & 0xC0 != 0
        switch (top, middle, bottom) {
        case (true, true, true): return "|"
        case (true, false, true), (true, true, false): return ":"
        case (false, true, true): return ";"
        case (true, false, false): return "'"
        case (false, true, false): return "-"
        default: return "."
        }
    }
}
