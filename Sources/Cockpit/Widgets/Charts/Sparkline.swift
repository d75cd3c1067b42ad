/// The recent past of one value as a filled area, two samples a cell.
struct Sparkline: Sendable {
    /// Oldest first; a value that is not finite leaves a gap. Only the last ones that fit are drawn.
    var values: [Double]

    /// The values at the bottom and at the top; without it those of the samples shown.
    var range: ClosedRange<Double>?

    var role: Role = .accent

    func render(in surface: inout Surface, area: Rect) {
        guard !area.isEmpty else { return }
        var canvas = BrailleCanvas(columns: area.width, rows: area.height)
        let shown = values.suffix(canvas.dotWidth)
        guard let range = range ?? Self.range(of: shown) else { return }
        let span = range.upperBound - range.lowerBound
        for (x, value) in shown.enumerated() where value.isFinite {
            let share = span > 0 ? min(1, max(0, (value - range.lowerBound) / span)) : 0.5
            // The lowest value keeps one dot, which tells it from a gap.
            let height = 1 + Int((share * Double(canvas.dotHeight - 1)).rounded())
            canvas.vertical(x: x, from: canvas.dotHeight - height, to: canvas.dotHeight - 1)
        }
        surface.clipped(to: area) { canvas.render(in: &$0, x: area.x, y: area.y, role: role) }
    }

    /// Values stretched or thinned to the dots of a width, so that all their time is shown.
    static func stretched(_ values: [Double], to width: Int) -> [Double] {
        guard !values.isEmpty, width > 0 else { return [] }
        return (0..<(width * 2)).map { values[$0 * values.count / (width * 2)] }
    }

    private static func range(of values: ArraySlice<Double>) -> ClosedRange<Double>? {
        let finite = values.filter(\.isFinite)
        guard let low = finite.min(), let high = finite.max() else { return nil }
        return low...high
    }
}
