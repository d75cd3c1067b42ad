/// Where the lines of the help lie: they run down one column and on in the next, and scroll through all of them, so
/// that no column has blanks while another goes on.
struct HelpLayout: Equatable, Sendable {
    let frame: Rect
    let body: Rect
    let columns: [Rect]
    let lines: [TextLine]
    /// Rows of a column that are used: all of them, or fewer where everything fits.
    let height: Int

    init(size: Size, scopes: [Scope]) {
        let width = min(size.width - 2, 116), most = min(size.height - 2, max(20, size.height * 3 / 4))
        let room = Self.body(of: Rect(size).centered(width: width, height: most))
        let count = room.width >= 105 ? 3 : (room.width >= 70 ? 2 : 1)
        let widths = room.columns((0..<count).map { _ in .minimum(10) }, spacing: 2).map(\.width)
        let blocks = Self.blocks(scopes, width: widths.min() ?? room.width)
        let lowest = (1...max(1, room.height)).first { Self.filled(blocks, columns: count, height: $0) != nil }
        height = lowest ?? room.height
        lines = Self.filled(blocks, columns: count, height: height) ?? Array(blocks.joined())
        frame = Rect(size).centered(width: width, height: most - room.height + max(height, Self.least))
        body = Self.body(of: frame)
        columns = body.columns((0..<count).map { _ in .minimum(10) }, spacing: 2)
    }

    private static func body(of frame: Rect) -> Rect { frame.inset(horizontal: 2, vertical: 1).splitBottom(2).rest }

    /// Rows that what a search finds has at least.
    private static let least = 12

    /// What no column may tear: an entry, the first of a section with its title and the blank above that.
    private static func blocks(_ scopes: [Scope], width: Int) -> [[TextLine]] {
        HelpOverlay.sections(for: scopes).enumerated().flatMap { number, section in
            let entries = section.lines.map { wrapped($0, width: width) }
            let title = (number == 0 ? [] : [TextLine()]) + [TextLine(section.title, .title, .bold)]
            return [title + (entries.first ?? [])] + entries.dropFirst()
        }
    }

    /// The blocks in columns of this height, none torn; nil where they need more columns.
    private static func filled(_ blocks: [[TextLine]], columns: Int, height: Int) -> [TextLine]? {
        var lines: [TextLine] = []
        for block in blocks {
            guard block.count <= height else { return nil }
            let left = height - lines.count % height
            if left < block.count { lines += Array(repeating: TextLine(), count: left) }
            let isAtTop = lines.count % height == 0 && block.first?.text.isEmpty == true
            lines += block.dropFirst(isAtTop ? 1 : 0)
        }
        return lines.count <= height * columns ? lines : nil
    }

    /// The first line at which the last one is in sight.
    var lastScroll: Int { max(0, lines.count - height * columns.count) }

    private static let keyWidth = 9

    /// A long text goes on below itself, not below its key.
    private static func wrapped(_ entry: HelpSection.Line, width: Int) -> [TextLine] {
        let key = entry.key.cellWidth > keyWidth ? entry.key : entry.key.padded(to: keyWidth)
        return Paragraph.hanging(TextLine(" \(key) ", .key), TextLine(entry.text), to: width)
    }
}

/// The keys in force, in columns; typing narrows them to a list.
struct HelpScreen {
    let help: HelpOverlay
    let scopes: [Scope]

    func render(in surface: inout Surface) {
        surface.dim(surface.bounds)
        let layout = HelpLayout(size: surface.size, scopes: scopes)
        let scope = scopes.first?.title ?? ""
        let inside = surface.openOverlay(layout.frame, title: "Help  \(scope)", trailing: "esc close")
            .inset(horizontal: 1, vertical: 0)
        let search = inside.splitBottom(2).bottom
        surface.write("type to search", x: search.x, y: search.y + 1, role: .dim)
        help.search.render(in: &surface, area: Rect(x: search.x + 15, y: search.y + 1, width: 26, height: 1))
        let isSearching = !help.search.text.isEmpty
        surface.write(
            isSearching ? "enter does it" : "↑↓ scroll", x: search.x + 43, y: search.y + 1, role: .dim)
        if isSearching {
            matches(in: &surface, area: layout.body)
        } else {
            columns(in: &surface, layout: layout)
        }
    }

    private func matches(in surface: inout Surface, area: Rect) {
        let found = help.matches(in: scopes)
        let lines = found.map { action in
            TextLine(action.keyLabel.padded(to: 16), .key, .bold).appending(action.title)
                .appending("   \(action.scope.title)", .dim)
        }
        SelectionList(
            items: Paragraph.counted(lines, height: area.height), selection: lines.isEmpty ? nil : 0,
            whenEmpty: TextLine("no action matches", .dim)
        )
        .render(in: &surface, area: area)
    }

    private func columns(in surface: inout Surface, layout: HelpLayout) {
        let first = min(help.scroll, layout.lastScroll)
        for (index, place) in layout.columns.enumerated() {
            let own = layout.lines.dropFirst(first + index * layout.height).prefix(layout.height)
            Paragraph(lines: Array(own)).render(in: &surface, area: place)
        }
        surface.scrollbar(
            x: layout.body.maxX, area: layout.body, first: first, count: layout.body.height + layout.lastScroll)
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
