/// The line that says what the glyphs of a timeline mean.
struct GanttLegend: Sendable {
    func render(in surface: inout Surface, area: Rect) {
        guard !area.isEmpty else { return }
        let glyphs = surface.glyphs
        func span(_ kind: SpanKind, _ label: String) -> Entry { Entry(kind.glyph(in: glyphs), kind.role, label) }
        // Where it is narrow the last ones go, whole.
        let entries = [
            span(.generate, "generate"), span(.inference, "inference"), span(.train, "train"),
            span(.evaluate, "evaluate"), span(.sync, "data transfer"), Entry(glyphs.save, .mfcSave, "save"),
            Entry(glyphs.idle, .mfcIdle, "idle"), Entry(glyphs.brief, .foreground, "brief"),
            span(.initialize, "initialize"),
        ]
        surface.clipped(to: area) { surface in
            var x = area.x
            for entry in entries {
                guard x + 2 + entry.label.cellWidth <= area.maxX else { break }
                surface.put(entry.glyph, x: x, y: area.y, role: entry.role)
                x += 2 + surface.write(entry.label, x: x + 2, y: area.y, role: .dim) + 2
            }
        }
    }

    private struct Entry {
        let glyph: Unicode.Scalar
        let role: Role
        let label: String

        init(_ glyph: Unicode.Scalar, _ role: Role, _ label: String) {
            self.glyph = glyph
            self.role = role
            self.label = label
        }
    }
}
