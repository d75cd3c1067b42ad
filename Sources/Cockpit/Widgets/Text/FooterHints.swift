/// The keys of the focused pane: ` tab pane  z zoom  …` with a few that always stay at the right.
struct FooterHints: Sendable {
    struct Hint: Hashable, Sendable {
        var key: String
        var label: String

        init(_ key: String, _ label: String) {
            self.key = key
            self.label = label
        }
    }

    var hints: [Hint]
    var trailing: [Hint] = []

    func render(in surface: inout Surface, area: Rect) {
        guard !area.isEmpty else { return }
        surface.fill(area, background: .footerBackground)
        let right = line(of: trailing)
        let rightStart = area.maxX - right.cellWidth - 1
        surface.write(right, x: rightStart, y: area.maxY - 1)
        var row = 0
        var x = area.x + 1
        for hint in hints {
            let text = line(of: [hint])
            let isLastRow = row == area.height - 1
            let end = isLastRow && !trailing.isEmpty ? rightStart - 2 : area.maxX
            if x + text.cellWidth > end {
                // What does not fit is in the help overlay; half a hint helps nobody.
                guard !isLastRow else { break }
                row += 1
                x = area.x + 1
            }
            x += surface.write(text, x: x, y: area.y + row) + 2
        }
    }

    private func line(of hints: [Hint]) -> TextLine {
        hints.enumerated().reduce(TextLine()) { line, entry in
            let gap = entry.offset > 0 ? "  " : ""
            return line.appending(gap + entry.element.key, .key).appending(" " + entry.element.label, .dim)
        }
    }
}
