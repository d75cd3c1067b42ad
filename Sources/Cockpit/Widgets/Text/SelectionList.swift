/// A list to choose from, with a mark before the selected row and the matched part of a search shown.
struct SelectionList: Sendable {
    var items: [TextLine]
    var selection: Int?
    var firstRow = 0

    /// What an empty list says instead.
    var whenEmpty: TextLine = ""

    func render(in surface: inout Surface, area: Rect) {
        surface.clipped(to: area) { surface in
            if items.isEmpty {
                surface.write(whenEmpty, x: area.x + 2, y: area.y, maxWidth: area.width - 2)
            }
            for row in 0..<area.height where firstRow + row < items.count {
                let isSelected = firstRow + row == selection
                if isSelected {
                    surface.fill(area.row(row), background: .selectionBackground)
                    surface.put(surface.glyphs.selected, x: area.x, y: area.y + row, role: .accent)
                }
                surface.write(items[firstRow + row], x: area.x + 2, y: area.y + row, maxWidth: area.width - 2)
            }
        }
    }
}
