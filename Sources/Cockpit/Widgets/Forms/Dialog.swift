/// A question over everything else. It opens on the answer that does nothing.
struct Dialog: Sendable {
    struct Choice: Hashable, Sendable {
        /// The key that gives this answer; it differs from the key that asked.
        var key: KeyStroke
        var label: String
    }

    var title: String
    var message: [TextLine]
    var choices: [Choice]
    var selection: Int

    /// A question whose dangerous answer has a key of its own; enter and esc answer No.
    static func confirm(
        title: String, message: [TextLine], action: String, key: KeyStroke = KeyStroke("y")
    ) -> Dialog {
        Dialog(
            title: title, message: message,
            choices: [Choice(key: KeyStroke("n"), label: "No"), Choice(key: key, label: action)], selection: 0)
    }

    /// Dims what lies below and draws the dialog in the middle of the area.
    func render(in surface: inout Surface, area: Rect) {
        surface.dim(area)
        let answers = choices.reduce(0) { $0 + $1.label.cellWidth + $1.key.description.cellWidth + 6 }
        let widest = max(message.map(\.cellWidth).max() ?? 0, title.cellWidth + 4, answers)
        let width = min(area.width, widest + 6)
        let wrapped = message.flatMap { Paragraph.wrapped($0, to: width - 6) }
        let frame = area.centered(width: width, height: wrapped.count + 6)
        surface.fill(frame)
        surface.update(frame) { $0.attributes = [] }
        surface.paint(frame, background: .background)
        let inside = surface.box(frame, title: title, focus: .focused).inset(horizontal: 2, vertical: 1)
        let (text, bottom) = inside.splitBottom(1)
        Paragraph(lines: wrapped).render(in: &surface, area: text)
        renderChoices(in: &surface, area: bottom)
    }

    private func renderChoices(in surface: inout Surface, area: Rect) {
        var x = area.x
        for (index, choice) in choices.enumerated() {
            let isSelected = index == selection
            let text = " \(choice.key) \(choice.label) "
            let label = isSelected ? "[\(text)]" : " \(text) "
            let place = Rect(x: x, y: area.y, width: label.cellWidth, height: 1).intersection(area)
            surface.write(
                label, x: x, y: area.y, role: isSelected ? .selectionForeground : .foreground, maxWidth: place.width)
            if isSelected { surface.paint(place, background: .selectionBackground) }
            x += label.cellWidth + 2
        }
    }
}
