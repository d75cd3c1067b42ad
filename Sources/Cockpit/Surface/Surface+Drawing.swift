/// Whether the keyboard acts on a box.
enum FocusState: Sendable {
    case focused
    case unfocused
}

extension Surface {
    /// Fills a rectangle with one narrow character; without a background the one that is there stays.
    mutating func fill(
        _ rect: Rect, with scalar: Unicode.Scalar = " ", role: Role = .foreground, background: Role? = nil,
        attributes: Attributes = []
    ) {
        let area = rect.intersection(clip)
        guard !area.isEmpty else { return }
        for y in area.y..<area.maxY {
            for x in area.x..<area.maxX { put(scalar, x: x, y: y, role: role, attributes: attributes) }
        }
        if let background { paint(area, background: background) }
    }

    /// Changes colours and emphasis of what is drawn already; the text stays.
    mutating func paint(_ rect: Rect, role: Role? = nil, background: Role? = nil, adding attributes: Attributes = []) {
        update(rect) { cell in
            if let role { cell.role = role }
            if let background { cell.background = background }
            cell.attributes.formUnion(attributes)
        }
    }

    /// Draws a rectangle as if it lay in the background: below an open dialog, or after the playhead.
    mutating func dim(_ rect: Rect) {
        paint(rect, adding: .dim)
    }

    /// A line of one character to the right.
    mutating func horizontalLine(x: Int, y: Int, length: Int, role: Role = .border) {
        for column in x..<max(x, x + length) { put(glyphs.horizontal, x: column, y: y, role: role) }
    }

    /// A line of one character downwards.
    mutating func verticalLine(x: Int, y: Int, length: Int, role: Role = .border) {
        for row in y..<max(y, y + length) { put(glyphs.vertical, x: x, y: row, role: role) }
    }

    /// Draws a border with a title at its left and a second text at its right, and returns the inside.
    ///
    /// Where both do not fit, the trailing text goes first, then the title is cut.
    @discardableResult
    mutating func box(
        _ rect: Rect, title: String = "", trailing: String = "", focus: FocusState = .unfocused
    ) -> Rect {
        guard rect.width >= 2, rect.height >= 2 else { return rect.inset(by: 1) }
        let role: Role = focus == .focused ? .borderFocus : .border
        let right = rect.maxX - 1
        let bottom = rect.maxY - 1
        for y in [rect.y, bottom] { horizontalLine(x: rect.x + 1, y: y, length: rect.width - 2, role: role) }
        for x in [rect.x, right] { verticalLine(x: x, y: rect.y + 1, length: rect.height - 2, role: role) }
        put(glyphs.topLeft, x: rect.x, y: rect.y, role: role)
        put(glyphs.topRight, x: right, y: rect.y, role: role)
        put(glyphs.bottomLeft, x: rect.x, y: bottom, role: role)
        put(glyphs.bottomRight, x: right, y: bottom, role: role)
        writeTitles(title: title, trailing: trailing, in: rect, focus: focus)
        return rect.inset(by: 1)
    }

    /// Each text stands as `─ text ─` in the border, so the box needs six cells more than a title.
    private mutating func writeTitles(title: String, trailing: String, in rect: Rect, focus: FocusState) {
        let room = rect.width - 6
        guard room > 0 else { return }
        var titleEnd = rect.x + 2
        if !title.isEmpty {
            let text = title.fitted(to: room, ellipsis: glyphs.ellipsis)
            let attributes: Attributes = focus == .focused ? .bold : []
            titleEnd += write(" \(text) ", x: titleEnd, y: rect.y, role: .title, attributes: attributes)
        }
        let start = rect.maxX - 4 - trailing.cellWidth
        if !trailing.isEmpty, start > titleEnd {
            write(" \(trailing) ", x: start, y: rect.y, role: .dim)
        }
    }
}
