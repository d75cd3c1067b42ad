/// The line for alerts and for what just happened; empty when there is nothing to say.
struct ToastLine: Sendable {
    enum Tone: Sendable {
        case information
        case warning
        case failure
    }

    var messages: [String]
    var trailing = ""
    var tone: Tone = .information

    func render(in surface: inout Surface, area: Rect) {
        guard !area.isEmpty, !messages.isEmpty else { return }
        let text: Role = tone == .failure ? .alertForeground : (tone == .warning ? .logWarning : .foreground)
        if tone == .failure { surface.fill(area.row(0), background: .alertBackground) }
        let mark = tone == .information ? "" : "! "
        let room = area.width - 2 - (trailing.isEmpty ? 0 : trailing.cellWidth + 2)
        let message = (mark + messages.joined(separator: "   "))
        surface.write(message.fitted(to: room, ellipsis: surface.glyphs.ellipsis), x: area.x + 1, y: area.y, role: text)
        if !trailing.isEmpty {
            surface.write(trailing, x: area.maxX - trailing.cellWidth - 1, y: area.y, role: .dim)
        }
    }
}
