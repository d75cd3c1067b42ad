/// Labelled bars below each other: `wait gen   312 ███▏`.
struct BarSeries: Sendable {
    struct Bar: Sendable {
        var label: String
        var value: Double
        var text: String
        var role: Role = .accent
    }

    var bars: [Bar]

    /// The value of a full bar; without it the largest bar is full.
    var maximum: Double?

    func render(in surface: inout Surface, area: Rect) {
        let labels = bars.map { $0.label.cellWidth }.max() ?? 0
        let texts = bars.map { $0.text.cellWidth }.max() ?? 0
        let full = maximum ?? bars.map(\.value).filter(\.isFinite).max() ?? 0
        surface.clipped(to: area) { surface in
            for (row, bar) in bars.prefix(area.height).enumerated() {
                let y = area.y + row
                surface.write(bar.label, x: area.x, y: y, role: .foreground)
                surface.write(
                    bar.text.padded(to: texts, alignment: .trailing), x: area.x + labels + 1, y: y, role: .dim)
                let start = labels + texts + 2
                let place = Rect(x: area.x + start, y: y, width: area.width - start, height: 1)
                surface.bar(share: full > 0 ? bar.value / full : 0, in: place, role: bar.role)
            }
        }
    }
}

/// Small columns in one row, each after its label: `0:▇ 1:▅ 2:▂`.
struct Histogram: Sendable {
    var columns: [(label: String, count: Double)]
    var role: Role = .accent

    func render(in surface: inout Surface, area: Rect) {
        let tallest = columns.map(\.count).filter(\.isFinite).max() ?? 0
        surface.clipped(to: area) { surface in
            var x = area.x
            for column in columns {
                x += surface.write("\(column.label):", x: x, y: area.y, role: .dim)
                if tallest > 0, column.count > 0 {
                    let level = min(7, max(0, Int(min(8, column.count / tallest * 8).rounded(.up)) - 1))
                    surface.put(surface.glyphs.lowerEighths[level], x: x, y: area.y, role: role)
                }
                x += 2
            }
        }
    }
}

/// Parts of a whole in one row, each with its own glyph, so that it reads without colour.
struct StackedBar: Sendable {
    struct Segment: Sendable {
        var value: Double
        var glyph: Unicode.Scalar
        var role: Role
    }

    var segments: [Segment]

    /// The value of the full width; without it the segments fill the width.
    var total: Double?

    func render(in surface: inout Surface, area: Rect) {
        let values = segments.map { $0.value.isFinite ? max(0, $0.value) : 0 }
        let whole = max(total ?? 0, values.reduce(0, +))
        guard whole > 0, whole.isFinite, !area.isEmpty else { return }
        surface.clipped(to: area) { surface in
            var sum = 0.0
            var x = area.x
            for (segment, value) in zip(segments, values) where value > 0 {
                sum += value
                // Rounded at the ends, so that rounding never adds up; a part is never invisible.
                let end = max(x + 1, area.x + Int((sum / whole * Double(area.width)).rounded()))
                for column in x..<end { surface.put(segment.glyph, x: column, y: area.y, role: segment.role) }
                x = end
            }
        }
    }
}
