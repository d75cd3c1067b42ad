/// Rows of columns with a header; where it is narrow the least important columns go.
struct Table: Sendable {
    struct Column: Sendable {
        var title: String
        var width: Int
        var alignment: TextAlignment = .leading

        /// 0 never goes; of the others the highest number goes first.
        var priority = 0

        /// Takes a part of the width that no cell needs.
        var grows = false
    }

    struct Row: Sendable {
        var cells: [TextLine]

        init(_ cells: [TextLine]) {
            self.cells = cells
        }
    }

    var columns: [Column]
    var rows: [Row]
    var selection: Int?
    var firstRow = 0

    /// Blank cells between columns.
    var spacing = 1

    /// Cells in front of each row for the selection mark; 0 for a table nothing is selected in.
    var gutter = 1

    func render(in surface: inout Surface, area: Rect) {
        let shown = visibleColumns(width: area.width - gutter)
        let body = area.splitTop(1).rest
        surface.clipped(to: area) { surface in
            renderHeader(in: &surface, area: area.row(0), shown: shown)
            for row in 0..<body.height where firstRow + row < rows.count {
                renderRow(firstRow + row, in: &surface, area: body.row(row), shown: shown)
            }
        }
    }

    /// The columns that fit, as (index, width). What they leave over goes to those with cells that would be cut, the
    /// left ones first, and then to those that grow.
    func visibleColumns(width: Int) -> [(index: Int, width: Int)] {
        var kept = Array(columns.indices)
        func needed() -> Int { kept.reduce(0) { $0 + columns[$1].width } + spacing * max(0, kept.count - 1) }
        while needed() > width {
            let droppable = kept.filter { columns[$0].priority > 0 }
            guard let worst = droppable.max(by: { columns[$0].priority <= columns[$1].priority }) else { break }
            kept.removeAll { $0 == worst }
        }
        let growing = kept.filter { columns[$0].grows }
        var spare = max(0, width - needed())
        let widths = kept.map { index in
            let more = spare > 0 ? min(spare, max(0, widestCell(of: index) - columns[index].width)) : 0
            spare -= more
            return columns[index].width + more
        }
        return zip(kept, widths).map { index, width in
            guard let order = growing.firstIndex(of: index) else { return (index, width) }
            return (index, width + spare / growing.count + (order < spare % growing.count ? 1 : 0))
        }
    }

    private func widestCell(of column: Int) -> Int {
        rows.reduce(0) { $1.cells.indices.contains(column) ? max($0, $1.cells[column].cellWidth) : $0 }
    }

    private func renderHeader(in surface: inout Surface, area: Rect, shown: [(index: Int, width: Int)]) {
        var x = area.x + gutter
        for (index, width) in shown {
            let column = columns[index]
            let text = column.title.padded(to: width, alignment: column.alignment, ellipsis: surface.glyphs.ellipsis)
            surface.write(text, x: x, y: area.y, role: .dim)
            x += width + spacing
        }
    }

    private func renderRow(
        _ number: Int, in surface: inout Surface, area: Rect, shown: [(index: Int, width: Int)]
    ) {
        if number == selection {
            surface.fill(area, background: .selectionBackground)
            if gutter > 0 { surface.put(surface.glyphs.selected, x: area.x, y: area.y, role: .accent) }
        }
        var x = area.x + gutter
        for (index, width) in shown {
            if index < rows[number].cells.count {
                let cell = rows[number].cells[index]
                let slack = max(0, width - cell.cellWidth)
                let indent =
                    switch columns[index].alignment {
                    case .leading: 0
                    case .center: slack / 2
                    case .trailing: slack
                    }
                surface.write(cell, x: x + indent, y: area.y, maxWidth: width)
            }
            x += width + spacing
        }
    }
}
