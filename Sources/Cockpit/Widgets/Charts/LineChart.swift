/// Lines over a common x-axis, from values already reduced to columns: any number of points costs the same to draw.
struct LineChart: Sendable {
    /// What happened in one slice of the x-axis.
    struct Column: Hashable, Sendable {
        /// Finite points; 0 where nothing was measured, or nothing finite.
        var count: Int
        var low: Double
        var high: Double
        var mean: Double

        /// Whether the slice also had points that were not finite; they are marked on the axis.
        var hasNonFinite = false

        static let gap = Column(count: 0, low: .nan, high: .nan, mean: .nan)

        /// One point.
        static func point(_ value: Double) -> Column {
            guard value.isFinite else { return Column(count: 0, low: .nan, high: .nan, mean: .nan, hasNonFinite: true) }
            return Column(count: 1, low: value, high: value, mean: value)
        }
    }

    struct Series: Sendable {
        /// How a series is drawn.
        enum Shape: Sendable {
            /// The means, joined.
            case line
            /// Low to high, without emphasis: the raw values behind a smoothed line.
            case band
        }

        var columns: [Column]
        var role: Role
        var shape: Shape = .line
    }

    enum Scale: Sendable {
        case linear
        case logarithmic
    }

    /// Later series are drawn over earlier ones.
    var series: [Series]
    var x: ClosedRange<Double>
    /// What x counts, written before its labels where there is room for it.
    var xName = ""

    /// The values at the bottom and at the top; without it those of the series.
    var y: ClosedRange<Double>?
    var scale: Scale = .linear

    func render(in surface: inout Surface, area: Rect) {
        guard let layout = ChartLayout(chart: self, area: area) else { return }
        surface.clipped(to: area) { surface in
            layout.drawAxes(in: &surface)
            for series in series { draw(series, in: &surface, layout: layout) }
            markNonFinite(in: &surface, layout: layout)
        }
    }

    private func draw(_ series: Series, in surface: inout Surface, layout: ChartLayout) {
        let plot = layout.plot
        var canvas = BrailleCanvas(columns: plot.width, rows: plot.height)
        let count = series.columns.count
        var previous: Point?
        for (index, column) in series.columns.enumerated() {
            guard column.count > 0, let middle = layout.dot(of: column.mean, in: canvas) else {
                // Nothing measured here is no break in the line; a value that is no number is.
                if column.hasNonFinite || column.count > 0 { previous = nil }
                continue
            }
            let x = Self.dot(of: index, count: count, width: canvas.dotWidth)
            switch series.shape {
            case .band:
                guard let low = layout.dot(of: column.low, in: canvas),
                    let high = layout.dot(of: column.high, in: canvas)
                else { continue }
                canvas.vertical(x: x, from: high, to: low)
            case .line:
                let point = Point(x: x, y: middle)
                canvas.line(from: previous ?? point, to: point)
                previous = point
            }
        }
        let attributes: Attributes = series.shape == .band ? .dim : []
        canvas.render(in: &surface, x: plot.x, y: plot.y, role: series.role, attributes: attributes)
    }

    /// The first column lies at the left edge and the last one at the right.
    private static func dot(of index: Int, count: Int, width: Int) -> Int {
        count > 1 ? Int((Double(index) * Double(width - 1) / Double(count - 1)).rounded()) : 0
    }

    private func markNonFinite(in surface: inout Surface, layout: ChartLayout) {
        for series in series {
            for (index, column) in series.columns.enumerated() where column.hasNonFinite {
                let dot = Self.dot(of: index, count: series.columns.count, width: layout.plot.width * 2)
                surface.put(
                    surface.glyphs.failed, x: layout.plot.x + dot / 2, y: layout.plot.maxY, role: .statusFailed)
            }
        }
    }
}
