import Glibc

/// Where the parts of a line chart lie, and which value is at which dot.
///
/// The plot is framed by the value labels and an axis at its left and by an axis below. A chart of five rows or less
/// writes its last x label behind the axis; a higher one has a row for several.
struct ChartLayout {
    let plot: Rect
    private let area: Rect
    private let x: ClosedRange<Double>
    private let y: ClosedRange<Double>
    private let scale: LineChart.Scale
    private let labels: [String]
    private let xName: String

    /// Nil where not even one row of dots would fit.
    init?(chart: LineChart, area: Rect) {
        guard area.width >= 8, area.height >= 2 else { return nil }
        self.area = area
        x = chart.x
        xName = chart.xName
        scale = chart.scale
        y = chart.y ?? Self.valueRange(of: chart)
        let middle =
            chart.scale == .linear
            ? (y.lowerBound + y.upperBound) / 2 : sqrt(max(y.lowerBound, .leastNormalMagnitude) * y.upperBound)
        labels = Self.labels(
            [y.upperBound, middle, y.lowerBound], isConstant: chart.y == nil && Self.isConstant(chart))
        let labelWidth = min(area.width - 3, labels.map(\.cellWidth).max() ?? 1)
        let below = area.height > 5 ? 2 : 1
        plot = Rect(
            x: area.x + labelWidth + 1, y: area.y, width: area.width - labelWidth - 1, height: area.height - below)
    }

    /// The dot row of a value, or nil for one that has no place on the axis.
    func dot(of value: Double, in canvas: BrailleCanvas) -> Int? {
        guard let share = share(of: value) else { return nil }
        return Int(((1 - min(1, max(0, share))) * Double(canvas.dotHeight - 1)).rounded())
    }

    /// The column of an x position, or nil when it lies outside.
    func column(of position: Double) -> Int? {
        let span = x.upperBound - x.lowerBound
        guard position.isFinite, span > 0, x.contains(position), plot.width > 0 else { return nil }
        return min(plot.width - 1, Int((position - x.lowerBound) / span * Double(plot.width)))
    }

    func drawAxes(in surface: inout Surface) {
        let axis = plot.x - 1
        surface.verticalLine(x: axis, y: plot.y, length: plot.height)
        surface.put(surface.glyphs.bottomLeft, x: axis, y: plot.maxY, role: .border)
        write(labels[0], row: 0, in: &surface)
        if plot.height >= 3 { write(labels[1], row: plot.height / 2, in: &surface) }
        write(labels[2], row: plot.height, in: &surface)
        let last = xLabel(x.upperBound)
        let isCompact = area.maxY == plot.maxY + 1
        let tail = isCompact ? last.cellWidth + 1 : 0
        surface.horizontalLine(x: plot.x, y: plot.maxY, length: plot.width - tail)
        if isCompact {
            surface.write(last, x: plot.maxX - last.cellWidth, y: plot.maxY, role: .dim)
        } else {
            drawXLabels(in: &surface)
        }
    }

    private func write(_ label: String, row: Int, in surface: inout Surface) {
        let width = plot.x - 1 - area.x
        let text = label.padded(to: width, alignment: .trailing, ellipsis: surface.glyphs.ellipsis)
        surface.write(text, x: area.x, y: plot.y + row, role: .dim)
    }

    /// Round numbers under their columns, and the end of the axis at its end.
    private func drawXLabels(in surface: inout Surface) {
        let y = plot.maxY + 1
        let last = xLabel(x.upperBound)
        let lastStart = plot.maxX - last.cellWidth
        surface.write(last, x: lastStart, y: y, role: .dim)
        var free = plot.x - 1
        if !xName.isEmpty, xName.cellWidth < plot.x - area.x {
            free = max(free, area.x + surface.write(xName, x: area.x, y: y, role: .dim) + 1)
        }
        // Steps are whole numbers, and so are their labels.
        let isWhole = x.lowerBound.rounded() == x.lowerBound && x.upperBound.rounded() == x.upperBound
        let most = isWhole ? min(Double(plot.width / 9), x.upperBound - x.lowerBound) : Double(plot.width / 9)
        for value in Self.roundValues(in: x, atMost: max(1, Int(most))) {
            guard let column = column(of: value) else { continue }
            let text = xLabel(value)
            let start = max(free, plot.x - 1 + column)
            guard start <= plot.x + column, start + text.cellWidth + 1 < lastStart else { continue }
            free = start + surface.write(text, x: start, y: y, role: .dim) + 1
        }
    }

    /// A step as every other place writes it; short where that would take more than a third of the axis.
    private func xLabel(_ value: Double) -> String {
        guard value.rounded() == value, abs(value) < 1e15 else { return ShortNumber.text(value) }
        let whole = ShortNumber.exact(value)
        return whole.cellWidth <= plot.width / 3 ? whole : ShortNumber.text(value)
    }

    private func share(of value: Double) -> Double? {
        guard value.isFinite else { return nil }
        switch scale {
        case .linear:
            return (value - y.lowerBound) / (y.upperBound - y.lowerBound)
        case .logarithmic:
            guard value > 0, y.lowerBound > 0 else { return nil }
            return log(value / y.lowerBound) / log(y.upperBound / y.lowerBound)
        }
    }

    // MARK: - Ranges

    /// The labels of the axis, with as many digits as it takes to tell them apart. A constant has one: the others would
    /// be of values that nothing has.
    private static func labels(_ values: [Double], isConstant: Bool) -> [String] {
        if isConstant { return ["", ShortNumber.text(values[1]), ""] }
        let short = values.map(ShortNumber.text)
        if Set(short).count == short.count { return short }
        for decimals in 1...8 where values.allSatisfy({ abs($0) < 1e9 }) {
            let longer = values.map { ShortNumber.fixed($0, decimals: decimals) }
            if Set(longer).count == longer.count { return longer }
        }
        return short
    }

    private static func isConstant(_ chart: LineChart) -> Bool {
        let columns = chart.series.flatMap(\.columns).filter { $0.count > 0 }
        guard let first = columns.first else { return false }
        return columns.allSatisfy { $0.low == first.mean && $0.high == first.mean && $0.mean == first.mean }
    }

    /// Multiples of 1, 2 or 5 times a power of ten inside a range.
    static func roundValues(in range: ClosedRange<Double>, atMost count: Int) -> [Double] {
        let span = range.upperBound - range.lowerBound
        guard span > 0, span.isFinite else { return [range.lowerBound] }
        let raw = span / Double(count)
        let power = pow(10, floor(log10(raw)))
        guard power.isNormal else { return [range.lowerBound] }
        let step = ([1, 2, 5, 10].first { $0 * power >= raw } ?? 10) * power
        let first = Int((range.lowerBound / step).rounded(.up))
        return (0...(count + 1)).map { Double(first + $0) * step }.filter { $0 <= range.upperBound }
    }

    /// The values of all series, widened to two digits; never empty, so that a constant has a place.
    private static func valueRange(of chart: LineChart) -> ClosedRange<Double> {
        var low = Double.infinity
        var high = -Double.infinity
        for series in chart.series {
            for column in series.columns where column.count > 0 {
                let isBand = series.shape == .band
                let bottom = isBand ? column.low : column.mean
                if chart.scale == .linear || bottom > 0 { low = min(low, bottom) }
                high = max(high, isBand ? column.high : column.mean)
            }
        }
        guard low.isFinite, high.isFinite, low <= high else { return chart.scale == .linear ? 0...1 : 0.1...1 }
        if chart.scale == .logarithmic { return low == high ? low / 2...high * 2 : low...high }
        if low == high {
            let margin = low == 0 ? 1 : abs(low) * 0.1
            return low - margin...high + margin
        }
        let step = pow(10, floor(log10(high - low)) - 1)
        // At the ends of what a number can hold there is no room to round.
        guard step.isNormal, (high / step).isFinite, (ceil(high / step) * step).isFinite else { return low...high }
        return floor(low / step) * step...ceil(high / step) * step
    }
}
