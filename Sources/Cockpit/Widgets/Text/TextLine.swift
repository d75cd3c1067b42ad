/// One line of text in several styles.
struct TextLine: Hashable, Sendable, ExpressibleByStringLiteral {
    struct Run: Hashable, Sendable {
        var text: String
        var style: TextStyle
    }

    var runs: [Run]

    init(_ runs: [Run] = []) {
        self.runs = runs
    }

    init(_ text: String, _ role: Role = .foreground, _ attributes: Attributes = []) {
        runs = [Run(text: text, style: TextStyle(role, attributes))]
    }

    init(stringLiteral text: String) {
        self.init(text)
    }

    var text: String { runs.map(\.text).joined() }

    var cellWidth: Int { runs.reduce(0) { $0 + $1.text.cellWidth } }

    /// Adds text at the end; returns the line, so that a line can be written as one expression.
    func appending(_ text: String, _ role: Role = .foreground, _ attributes: Attributes = []) -> TextLine {
        TextLine(runs + [Run(text: text, style: TextStyle(role, attributes))])
    }

    static func + (left: TextLine, right: TextLine) -> TextLine {
        TextLine(left.runs + right.runs)
    }

    /// Pieces beside each other, as many as a line of this width holds, none of them broken; empty ones are left out.
    static func flow(_ pieces: [TextLine], width: Int, gap: Int = 3) -> [TextLine] {
        var lines: [TextLine] = []
        for piece in pieces where piece.cellWidth > 0 {
            if let last = lines.last, last.cellWidth + gap + piece.cellWidth <= width {
                lines[lines.count - 1] = last.appending(String(repeating: " ", count: gap)) + piece
            } else {
                lines.append(piece)
            }
        }
        return lines
    }
}

extension Surface {
    /// Writes a styled line and returns the cells it took; a line that is cut ends in an ellipsis.
    @discardableResult
    mutating func write(_ line: TextLine, x: Int, y: Int, maxWidth: Int? = nil) -> Int {
        let room = min(maxWidth ?? Int.max, clip.maxX - x)
        guard line.cellWidth > room else {
            var used = 0
            for run in line.runs { used += write(run.text, x: x + used, y: y, style: run.style) }
            return used
        }
        var used = 0
        for run in line.runs where used < room {
            let left = room - used
            let isLast = run.text.cellWidth >= left
            let text = isLast ? (run.text + " ").fitted(to: left, ellipsis: glyphs.ellipsis) : run.text
            used += write(text, x: x + used, y: y, style: run.style, maxWidth: left)
            if isLast { break }
        }
        return used
    }
}
