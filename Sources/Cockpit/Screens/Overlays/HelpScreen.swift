/// The keys in force, in columns; typing narrows them to a list.
struct HelpScreen {
    let help: HelpOverlay
    let scopes: [Scope]

    func render(in surface: inout Surface) {
        surface.dim(surface.bounds)
        let frame = surface.bounds.centered(
            width: min(surface.width - 2, 116), height: min(surface.height - 2, max(20, surface.height * 3 / 4)))
        let scope = scopes.first?.title ?? ""
        let inside = surface.openOverlay(frame, title: "Help  \(scope)", trailing: "esc close")
            .inset(horizontal: 1, vertical: 0)
        let (body, search) = inside.splitBottom(2)
        surface.write("type to search", x: search.x, y: search.y + 1, role: .dim)
        help.search.render(in: &surface, area: Rect(x: search.x + 15, y: search.y + 1, width: 26, height: 1))
        surface.write("enter does it   ↑↓ scroll", x: search.x + 43, y: search.y + 1, role: .dim)
        if help.search.text.isEmpty {
            columns(in: &surface, area: body)
        } else {
            matches(in: &surface, area: body)
        }
    }

    private func matches(in surface: inout Surface, area: Rect) {
        let found = help.matches(in: scopes)
        let lines = found.map { action in
            TextLine(action.keyLabel.padded(to: 16), .key, .bold).appending(action.title)
                .appending("   \(action.scope.title)", .dim)
        }
        SelectionList(
            items: lines, selection: lines.isEmpty ? nil : 0, whenEmpty: TextLine("no action matches", .dim)
        )
        .render(in: &surface, area: area)
    }

    private func columns(in surface: inout Surface, area: Rect) {
        let count = area.width >= 105 ? 3 : (area.width >= 70 ? 2 : 1)
        let places = area.columns((0..<count).map { _ in .minimum(10) }, spacing: 2)
        let width = places.map(\.width).min() ?? area.width
        let lines = HelpOverlay.sections(for: scopes).flatMap { section in
            [TextLine(section.title, .title, .bold)] + section.lines.flatMap { entry in wrapped(entry, width: width) }
                + [TextLine()]
        }
        let perColumn = max(1, (lines.count + count - 1) / count)
        let first = min(help.scroll, max(0, perColumn - area.height))
        for (index, place) in places.enumerated() {
            let own = lines.dropFirst(index * perColumn).prefix(perColumn)
            Paragraph(lines: Array(own), firstLine: first).render(in: &surface, area: place)
        }
        surface.scrollbar(x: area.maxX, area: area, first: first, count: perColumn)
    }

    private static let keyWidth = 9

    /// A long text goes on below itself, not below its key.
    private func wrapped(_ entry: HelpSection.Line, width: Int) -> [TextLine] {
        let key = entry.key.cellWidth > Self.keyWidth ? entry.key : entry.key.padded(to: Self.keyWidth)
        let texts = Paragraph.wrapped(TextLine(entry.text), to: max(8, width - Self.keyWidth - 2))
        return texts.enumerated().map { index, text in
            TextLine(index == 0 ? " \(key) " : String(repeating: " ", count: Self.keyWidth + 2), .key) + text
        }
    }
}

extension Surface {
    /// Clears a place over a dimmed screen and draws a box around it.
    mutating func openOverlay(_ frame: Rect, title: String, trailing: String = "") -> Rect {
        fill(frame, background: .background)
        update(frame) { $0.attributes = [] }
        return box(frame, title: title, trailing: trailing, focus: .focused)
    }
}
