/// The line that says what the glyphs of a timeline mean.
struct GanttLegend: Sendable {
    var kinds: [(kind: SpanKind, label: String)] = [
        (.generate, "generate"), (.inference, "inference"), (.train, "train"), (.evaluate, "evaluate"),
        (.sync, "data transfer"),
    ]

    func render(in surface: inout Surface, area: Rect) {
        guard !area.isEmpty else { return }
        surface.clipped(to: area) { surface in
            var x = area.x
            for (kind, label) in kinds {
                surface.put(kind.glyph(in: surface.glyphs), x: x, y: area.y, role: kind.role)
                x += 2 + surface.write(label, x: x + 2, y: area.y, role: .dim) + 2
            }
            let marks = [
                (surface.glyphs.save, Role.rpcSave, "save"), (surface.glyphs.brief, .foreground, "brief"),
                (surface.glyphs.idle, .rpcIdle, "idle"),
            ]
            for (glyph, role, label) in marks {
                surface.put(glyph, x: x, y: area.y, role: role)
                x += 2 + surface.write(label, x: x + 2, y: area.y, role: .dim) + 2
            }
        }
    }
}
