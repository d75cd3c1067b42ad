/// A meter in one row: `▕██████████▍    ▏`.
struct Gauge: Sendable {
    /// 0 to 1; more is drawn full, not finite is drawn empty.
    var share: Double

    /// Where the colour changes to "look at this" and to "this is too much".
    var thresholds: (middle: Double, high: Double) = (0.7, 0.9)

    /// A fixed colour instead of the thresholds, where full is good.
    var role: Role?

    func render(in surface: inout Surface, area: Rect) {
        guard area.width >= 3, area.height >= 1 else { return }
        surface.put(surface.glyphs.meterStart, x: area.x, y: area.y, role: .border)
        surface.put(surface.glyphs.meterEnd, x: area.maxX - 1, y: area.y, role: .border)
        let inside = Rect(x: area.x + 1, y: area.y, width: area.width - 2, height: 1)
        surface.fill(inside, background: .meterBackground)
        surface.bar(share: share, in: inside, role: role ?? thresholdRole)
    }

    private var thresholdRole: Role {
        if share >= thresholds.high { return .meterHigh }
        return share >= thresholds.middle ? .meterMiddle : .meterLow
    }
}

extension Surface {
    /// Draws a bar from the left of a row, exact to an eighth of a cell; a share above 0 is never invisible.
    mutating func bar(share: Double, in area: Rect, role: Role) {
        guard share.isFinite, share > 0, !area.isEmpty else { return }
        let eighths = max(1, Int((min(1, share) * Double(area.width * 8)).rounded()))
        for cell in 0..<(eighths / 8) { put(glyphs.leftEighths[7], x: area.x + cell, y: area.y, role: role) }
        if eighths % 8 > 0 {
            put(glyphs.leftEighths[eighths % 8 - 1], x: area.x + eighths / 8, y: area.y, role: role)
        }
    }
}
