/// One line of text being edited; the cursor counts characters.
struct TextField: Hashable, Sendable {
    private(set) var text: String
    private(set) var cursor: Int

    init(_ text: String = "") {
        self.text = text
        cursor = text.count
    }

    /// Applies an editing key; false for keys that mean something to the form instead.
    mutating func handle(_ stroke: KeyStroke) -> Bool {
        switch (stroke.key, stroke.modifiers) {
        case (.character(let character), []): insert(String(character))
        case (.left, []), (.character("b"), .control): cursor = max(0, cursor - 1)
        case (.right, []), (.character("f"), .control): cursor = min(text.count, cursor + 1)
        case (.home, []), (.character("a"), .control): cursor = 0
        case (.end, []), (.character("e"), .control): cursor = text.count
        case (.backspace, []), (.character("h"), .control): remove(cursor - 1..<cursor)
        case (.delete, []), (.character("d"), .control): remove(cursor..<cursor + 1)
        case (.character("u"), .control): remove(0..<cursor)
        case (.character("k"), .control): remove(cursor..<text.count)
        case (.character("w"), .control), (.backspace, .alt): remove(wordStart..<cursor)
        default: return false
        }
        return true
    }

    /// Puts text at the cursor; line ends of a paste become blanks.
    mutating func insert(_ addition: String) {
        let line = String(addition.map { $0.isNewline || $0 == "\t" ? " " : $0 })
        let head = String(text.prefix(cursor)) + line
        text = head + text.dropFirst(cursor)
        // An accent joins the letter before it and is no character of its own.
        cursor = min(text.count, head.count)
    }

    private var wordStart: Int {
        let characters = Array(text)
        var start = cursor
        while start > 0, characters[start - 1] == " " { start -= 1 }
        while start > 0, characters[start - 1] != " " { start -= 1 }
        return start
    }

    private mutating func remove(_ range: Range<Int>) {
        let part = range.clamped(to: 0..<text.count)
        guard range.lowerBound >= 0, !part.isEmpty else { return }
        let start = text.index(text.startIndex, offsetBy: part.lowerBound)
        let end = text.index(text.startIndex, offsetBy: part.upperBound)
        text.removeSubrange(start..<end)
        cursor = min(part.lowerBound, text.count)
    }
}

extension TextField {
    /// Draws `[text      ]`; a long text is shifted so that the cursor stays in sight. Where it is cut stands a mark.
    func render(in surface: inout Surface, area: Rect, focus: FocusState = .focused, cutting cut: TextCut = .end) {
        guard area.width >= 3, area.height >= 1 else { return }
        let inside = Rect(x: area.x + 1, y: area.y, width: area.width - 2, height: 1)
        let frame: Role = focus == .focused ? .borderFocus : .border
        surface.put("[", x: area.x, y: area.y, role: frame)
        surface.put("]", x: area.maxX - 1, y: area.y, role: frame)
        surface.clipped(to: inside) { surface in
            surface.fill(inside)
            switch focus {
            case .focused: renderShifted(in: &surface, area: inside)
            case .unfocused:
                let text = text.fitted(to: inside.width, ellipsis: surface.glyphs.mark(of: cut), cutting: cut)
                surface.write(text, x: inside.x, y: inside.y, role: .foreground)
            }
        }
    }

    private func renderShifted(in surface: inout Surface, area: Rect) {
        let before = String(text.prefix(cursor)).cellWidth
        // The cursor, and behind it a character or the mark that more follows.
        let after = min(max(1, text.cellWidth - before), 2, area.width)
        let shift = max(0, before + after - area.width)
        let place = Rect(x: area.x + before - shift, y: area.y, width: 1, height: 1)
        surface.write(text, x: area.x - shift, y: area.y, role: .foreground)
        let ellipsis = surface.glyphs.ellipsis
        if shift > 0, place.x > area.x { surface.put(ellipsis, x: area.x, y: area.y, role: .dim) }
        if text.cellWidth - shift > area.width, place.x < area.maxX - 1 {
            surface.put(ellipsis, x: area.maxX - 1, y: area.y, role: .dim)
        }
        surface.paint(place, adding: .reverse)
    }
}
