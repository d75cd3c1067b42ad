/// Lines of text in a region, cut or wrapped, from some line on.
struct Paragraph: Sendable {
    enum Overflow: Sendable {
        case cut
        case wrap
    }

    var lines: [TextLine]
    var overflow: Overflow = .cut

    /// The first line shown, counted after wrapping.
    var firstLine = 0

    func render(in surface: inout Surface, area: Rect) {
        let shown = overflow == .wrap ? lines.flatMap { Self.wrapped($0, to: area.width) } : lines
        surface.clipped(to: area) { surface in
            for (row, line) in shown.dropFirst(max(0, firstLine)).prefix(area.height).enumerated() {
                surface.write(line, x: area.x, y: area.y + row, maxWidth: area.width)
            }
        }
    }

    /// As many lines as the height holds; where there are more, the last one counts those that are left out.
    static func counted(_ lines: [TextLine], height: Int) -> [TextLine] {
        guard lines.count > height, height > 1 else { return lines }
        return lines.prefix(height - 1) + [TextLine("… \(lines.count - height + 1) more lines", .dim)]
    }

    /// The line broken at blanks, or inside a word that is longer than the width.
    static func wrapped(_ line: TextLine, to width: Int) -> [TextLine] {
        guard width > 0, line.cellWidth > width else { return [line] }
        var builder = LineBuilder(width: width)
        for run in line.runs {
            for word in words(of: run.text) { builder.add(word, style: run.style) }
        }
        return builder.finished()
    }

    /// A text beside its label, which goes on below itself; below the label where there is little room.
    static func hanging(_ label: TextLine, _ text: TextLine, to width: Int) -> [TextLine] {
        let room = width - label.cellWidth
        guard room >= leastHanging else { return wrapped(label + text, to: width) }
        let blank = TextLine(String(repeating: " ", count: label.cellWidth))
        return wrapped(text, to: room).enumerated().map { ($0 == 0 ? label : blank) + $1 }
    }

    private static let leastHanging = 8

    /// Words and the blanks between them, in order.
    private static func words(of text: String) -> [Substring] {
        var words: [Substring] = []
        var start = text.startIndex
        while start < text.endIndex {
            let isBlank = text[start] == " "
            let end = text[start...].firstIndex { ($0 == " ") != isBlank } ?? text.endIndex
            words.append(text[start..<end])
            start = end
        }
        return words
    }

    private struct LineBuilder {
        let width: Int
        var lines: [TextLine] = []
        var current = TextLine()
        var used = 0

        mutating func add(_ word: Substring, style: TextStyle) {
            let cells = String(word).cellWidth
            if used + cells <= width {
                append(String(word), cells: cells, style: style)
            } else if word.first == " " {
                breakLine()
            } else {
                if used > 0 { breakLine() }
                addLong(word, style: style)
            }
        }

        private mutating func addLong(_ word: Substring, style: TextStyle) {
            // By scalars, as a surface draws them: a joined emoji may be wider than the whole line.
            for scalar in word.unicodeScalars {
                let text = String(scalar)
                let cells = text.cellWidth
                if used + cells > width, used > 0 { breakLine() }
                append(text, cells: cells, style: style)
            }
        }

        private mutating func append(_ text: String, cells: Int, style: TextStyle) {
            used += cells
            if let last = current.runs.indices.last, current.runs[last].style == style {
                current.runs[last].text += text
            } else {
                current.runs.append(TextLine.Run(text: text, style: style))
            }
        }

        private mutating func breakLine() {
            lines.append(current)
            current = TextLine()
            used = 0
        }

        mutating func finished() -> [TextLine] {
            if used > 0 || lines.isEmpty { breakLine() }
            return lines
        }
    }
}
