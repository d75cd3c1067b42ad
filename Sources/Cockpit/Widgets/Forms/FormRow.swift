/// One parameter of the launch form: `* lr   [3e-6     ]   1e-5   0 < lr ≤ 1e-2`.
struct FormRow: Sendable {
    enum Value: Sendable {
        case text(TextField)
        /// One of several; drawn with a mark that a list opens.
        case choice(String)
    }

    /// Widths that all rows of a form share.
    struct Metrics: Sendable {
        var label = 22
        var field = 14
        var standard = 12
    }

    var label: String
    var value: Value
    var standard = ""
    /// Where a value or a default that is too long is cut.
    var cut = TextCut.end
    var note = ""
    var problem: String?
    var isChanged = false
    var focus: FocusState = .unfocused

    func render(in surface: inout Surface, area: Rect, metrics: Metrics = Metrics()) {
        guard !area.isEmpty else { return }
        let y = area.y
        surface.clipped(to: area.row(0)) { surface in
            if focus == .focused { surface.put(surface.glyphs.selected, x: area.x, y: y, role: .accent) }
            if isChanged { surface.put("*", x: area.x + 1, y: y, role: .diffChanged) }
            let emphasis: Attributes = focus == .focused ? .bold : []
            let name = label.fitted(to: metrics.label - 1, ellipsis: surface.glyphs.ellipsis)
            surface.write(name, x: area.x + 3, y: y, role: .foreground, attributes: emphasis)
            var x = area.x + 3 + metrics.label
            renderValue(in: &surface, area: Rect(x: x, y: y, width: metrics.field, height: 1))
            x += metrics.field + 2
            let end = x + metrics.standard
            if let problem {
                let text = TextLine("\(surface.glyphs.failed) \(surface.glyphs.spelled(problem))", .logError)
                // What is wrong counts more than what would be usual.
                guard end + text.cellWidth <= area.maxX else {
                    surface.write(text, x: x, y: y)
                    return
                }
                surface.write(text, x: end, y: y)
            } else {
                surface.write(TextLine(surface.glyphs.spelled(note), .dim), x: end, y: y)
            }
            let usual = standard.fitted(to: metrics.standard - 1, ellipsis: surface.glyphs.mark(of: cut), cutting: cut)
            surface.write(usual, x: x, y: y, role: .dim)
        }
    }

    private func renderValue(in surface: inout Surface, area: Rect) {
        switch value {
        case .text(let field):
            field.render(in: &surface, area: area, focus: focus, cutting: cut)
        case .choice(let text):
            let role: Role = focus == .focused ? .accent : .foreground
            surface.write(TextLine(text, role), x: area.x + 1, y: area.y, maxWidth: area.width - 3)
            surface.put(surface.glyphs.expanded, x: area.maxX - 1, y: area.y, role: role)
        }
    }
}
