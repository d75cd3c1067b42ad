import Testing

@testable import Cockpit

@Suite("A gauge")
struct GaugeTests {
    @Test(arguments: [
        (0.0, "▕        ▏"), (0.5, "▕████    ▏"), (0.53, "▕████▎   ▏"), (1.0, "▕████████▏"), (7.0, "▕████████▏"),
        (0.0001, "▕▏       ▏"), (.nan, "▕        ▏"), (-1, "▕        ▏"),
    ])
    func `fills to an eighth of a cell`(share: Double, text: String) {
        #expect(drawn(10, 1, Gauge(share: share).render) == [text])
    }

    @Test
    func `changes its colour where it becomes too full`() {
        for (share, role) in [(0.5, Role.meterLow), (0.75, .meterMiddle), (0.95, .meterHigh)] {
            var surface = Surface(width: 10, height: 1)
            Gauge(share: share).render(in: &surface, area: surface.bounds)
            #expect(surface[1, 0]?.role == role)
        }
    }

    @Test
    func `has brackets in ASCII`() {
        #expect(drawn(10, 1, glyphs: .ascii, Gauge(share: 0.5).render) == ["[####    ]"])
    }
}

@Suite("Bars")
struct BarTests {
    @Test
    func `stand in one column behind their numbers`() {
        let series = BarSeries(bars: [
            .init(label: "wait gen", value: 312, text: "312"), .init(label: "in use", value: 78, text: "78"),
            .init(label: "done", value: 0, text: "0"),
        ])
        #expect(drawn(22, 3, series.render) == ["wait gen 312 █████████", "in use    78 ██▎", "done       0"])
    }

    @Test
    func `count small numbers in one row`() {
        let histogram = Histogram(columns: [("0", 8), ("1", 5), ("2", 1), ("3", 0)])
        #expect(drawn(20, 1, histogram.render) == ["0:█ 1:▅ 2:▁ 3:"])
    }

    @Test
    func `share a whole without a rounding gap`() {
        let bar = StackedBar(segments: [
            .init(value: 10.3, glyph: "▓", role: .mfcGenerate), .init(value: 3.1, glyph: "▒", role: .mfcInference),
            .init(value: 6.1, glyph: "█", role: .mfcTrain), .init(value: 0.1, glyph: "░", role: .mfcSync),
            .init(value: .nan, glyph: "?", role: .dim),
        ])
        #expect(drawn(20, 1, bar.render) == ["▓▓▓▓▓▓▓▓▓▓▓▒▒▒██████░"].map { String($0.prefix(20)) })
    }
}

@Suite("A sparkline")
struct SparklineTests {
    @Test
    func `draws two samples a cell`() {
        let line = Sparkline(values: [0, 1, 2, 3, 3, 2, 1, 0], range: 0...3)
        #expect(drawn(6, 1, line.render) == ["⣠⣾⣷⣄"])
    }

    @Test
    func `shows the latest samples and gaps`() {
        let line = Sparkline(values: [9, 9, 9, 0, .nan, 3, 3], range: 0...3)
        #expect(drawn(2, 1, line.render) == ["⡀⣿"])
    }

    @Test
    func `draws a constant in the middle and nothing from nothing`() {
        #expect(drawn(2, 1, Sparkline(values: [5, 5, 5, 5]).render) == ["⣶⣶"])
        #expect(drawn(2, 1, Sparkline(values: [.nan]).render) == [""])
    }

    @Test
    func `uses all its rows`() {
        let line = Sparkline(values: [0, 0, 1, 1], range: 0...1)
        #expect(drawn(2, 2, line.render) == [" ⣿", "⣀⣿"])
    }
}

@Suite("A line chart")
struct LineChartTests {
    private func chart(_ values: [Double], _ change: (inout LineChart) -> Void = { _ in }) -> LineChart {
        var chart = LineChart(
            series: [.init(columns: values.map(LineChart.Column.point), role: .series1)],
            x: 0...Double(max(1, values.count - 1)))
        change(&chart)
        return chart
    }

    @Test
    func `draws a line between labelled axes`() {
        #expect(
            drawn(24, 6, chart([0, 1, 2, 3, 4]) { $0.x = 0...1280 }.render) == [
                "4│                 ⣀⡠⠔⠒⠉",
                " │            ⣀⠤⠔⠊⠉",
                "2│     ⣀⡠⠤⠔⠒⠊⠉",
                " │⣀⠤⠔⠊⠉",
                "0└──────────────────────",
                " 0                  1280",
            ])
    }

    @Test
    func `names what its axis counts where the labels at its left leave room`() {
        func last(_ most: Double) -> String? {
            let chart = chart([0, most]) {
                $0.x = 0...1280
                $0.y = 0...most
                $0.xName = "step"
            }
            return drawn(24, 6, chart.render).last
        }
        #expect(last(1000) == "step 0" + String(repeating: " ", count: 14) + "1280")
        #expect(last(4) == " 0                  1280")
    }

    @Test
    func `puts the end of the axis behind it where it is low`() {
        #expect(
            drawn(20, 4, chart([0, 1]).render) == [
                "   1│          ⣀⡠⠤⠒⠉",
                "0.50│     ⣀⠤⠔⠒⠉",
                "    │⣀⠤⠒⠊⠉",
                "   0└───────────── 1",
            ])
    }

    @Test
    func `leaves a gap and marks values that are not finite`() {
        let lines = drawn(20, 4, chart([1, 1, .nan, 1, 1]) { $0.y = 0...2 }.render)
        #expect(
            lines == [
                "2│",
                "1│⠤⠤⠤⠤⠤        ⠤⠤⠤⠤⠤",
                " │",
                "0└─────────✗────── 4",
            ])
    }

    @Test
    func `gives a constant a range of its own, and only its value a label`() {
        let lines = drawn(20, 4, chart([0.5, 0.5, 0.5]).render)
        #expect(
            lines == [
                "    │",
                "0.50│⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤",
                "    │",
                "    └───────────── 2",
            ])
    }

    @Test
    func `costs the same for any number of points`() {
        // The widget sees columns only; their count is the reader's choice.
        let columns = [LineChart.Column](
            repeating: LineChart.Column(count: 500, low: 0, high: 1, mean: 0.5), count: 200)
        let band = LineChart(
            series: [.init(columns: columns, role: .series1, shape: .band)], x: 0...100_000, y: 0...1)
        #expect(
            drawn(12, 3, band.render) == [
                "   1│⣿⣿⣿⣿⣿⣿⣿",
                "    │⣿⣿⣿⣿⣿⣿⣿",
                "   0└── 100k",
            ])
    }

    @Test
    func `draws on a logarithmic axis`() {
        let lines = drawn(20, 4, chart([1, 10, 100, -1]) { $0.scale = .logarithmic }.render)
        #expect(
            lines == [
                "100│       ⢀⡠⠔⠊",
                " 10│   ⢀⡠⠔⠊⠁",
                "   │⡠⠔⠊⠁",
                "  1└────────────── 3",
            ])
    }

    @Test
    func `draws with ASCII marks`() {
        let lines = drawn(20, 4, glyphs: .ascii, chart([0, 1]).render)
        #expect(
            lines == [
                "   1|          .;--'",
                "0.50|     .---'",
                "    |.--:'",
                "   0+------------- 1",
            ])
    }

    @Test
    func `draws nothing where it has no room, and never outside`() {
        for width in 0..<30 {
            for height in 0..<8 {
                var surface = Surface(width: 40, height: 12)
                let area = Rect(x: 4, y: 2, width: width, height: height)
                chart([0, 1, .nan, 3]).render(in: &surface, area: area)
                for y in 0..<12 {
                    for x in 0..<40 where !area.contains(Point(x: x, y: y)) { #expect(surface[x, y] == .blank) }
                }
            }
        }
    }

    @Test
    func `names round positions on its axis`() {
        #expect(ChartLayout.roundValues(in: 0...1280, atMost: 3) == [0, 500, 1000])
        #expect(ChartLayout.roundValues(in: 0.1...0.9, atMost: 4) == [0.2, 0.4, 0.6000000000000001, 0.8])
        #expect(ChartLayout.roundValues(in: 5...5, atMost: 4) == [5])
    }
}

@Suite("The axes of a chart")
struct AxisLabelTests {
    private func lines(_ values: [Double], x: ClosedRange<Double>) -> [String] {
        let columns = values.map { LineChart.Column(count: 1, low: $0, high: $0, mean: $0) }
        var surface = Surface(width: 50, height: 12)
        LineChart(series: [LineChart.Series(columns: columns, role: .series1)], x: x)
            .render(in: &surface, area: surface.bounds)
        return surface.lines
    }

    /// What stands left of the axis.
    private func labels(_ lines: [String]) -> [String] {
        lines.compactMap { line -> String? in
            guard let axis = line.firstIndex(where: { "│└".contains($0) }) else { return nil }
            return String(line[..<axis].trimmingPrefix(while: { $0 == " " }))
        }.filter { !$0.isEmpty }
    }

    @Test func `of a constant have its value and no other`() {
        #expect(labels(lines([0.5, 0.5, 0.5], x: 1...3)) == ["0.50"])
    }

    @Test func `of values close to each other are told apart`() {
        let found = labels(lines([1000.1, 1000.2, 1000.3], x: 1...3))
        #expect(Set(found).count == 3, "\(found)")
    }

    @Test(arguments: [1.0...3.0, 1.0...2.0, 7.0...12.0])
    func `count whole steps`(steps: ClosedRange<Double>) {
        let axis = lines([0.1, 0.4, 0.2], x: steps).last ?? ""
        #expect(!axis.contains("."), "\(axis)")
    }
}
