import Glibc
import Testing

@testable import Cockpit

/// The dots of the braille characters in a part of a surface, two columns and four rows a cell.
enum Dots {
    private static let places: [(bit: UInt32, x: Int, y: Int)] = [
        (0x01, 0, 0), (0x02, 0, 1), (0x04, 0, 2), (0x08, 1, 0), (0x10, 1, 1), (0x20, 1, 2), (0x40, 0, 3), (0x80, 1, 3),
    ]

    static func read(_ surface: Surface, in area: Rect) -> Set<Point> {
        var dots: Set<Point> = []
        for y in 0..<area.height {
            for x in 0..<area.width {
                guard let value = surface[area.x + x, area.y + y]?.scalar.value, (0x2800...0x28FF).contains(value)
                else { continue }
                for place in places where (value - 0x2800) & place.bit != 0 {
                    dots.insert(Point(x: x * 2 + place.x, y: y * 4 + place.y))
                }
            }
        }
        return dots
    }
}

@Suite("A line chart against dots worked out one by one")
struct ChartReferenceTests {
    private struct Picture {
        var dots: Set<Point>
        var width: Int
        var height: Int
    }

    private func picture(_ chart: LineChart, _ size: Size = Size(width: 40, height: 10)) throws -> Picture {
        var surface = Surface(size: size)
        let plot = try #require(ChartLayout(chart: chart, area: surface.bounds)).plot
        chart.render(in: &surface, area: surface.bounds)
        return Picture(dots: Dots.read(surface, in: plot), width: plot.width * 2, height: plot.height * 4)
    }

    private func column(_ index: Int, of count: Int, in picture: Picture) -> Int {
        count > 1 ? Int((Double(index) * Double(picture.width - 1) / Double(count - 1)).rounded()) : 0
    }

    private func row(_ share: Double, in picture: Picture) -> Int {
        Int(((1 - min(1, max(0, share))) * Double(picture.height - 1)).rounded())
    }

    @Test(arguments: Array(UInt64(1)...8))
    func `a band sets exactly the dots from low to high`(seed: UInt64) throws {
        var random = Seeded(state: seed)
        for count in [1, 2, 9, 60, 300] {
            let columns = (0..<count).map { _ -> LineChart.Column in
                guard random.next() % 5 > 0 else { return .gap }
                let (a, b) = (random.unit() * 1.2 - 0.1, random.unit() * 1.2 - 0.1)
                return LineChart.Column(count: 2, low: min(a, b), high: max(a, b), mean: (a + b) / 2)
            }
            let shown = try picture(
                LineChart(series: [.init(columns: columns, role: .series1, shape: .band)], x: 0...1, y: 0...1))
            var expected: Set<Point> = []
            for (index, value) in columns.enumerated() where value.count > 0 {
                let x = column(index, of: count, in: shown)
                for y in row(value.high, in: shown)...row(value.low, in: shown) { expected.insert(Point(x: x, y: y)) }
            }
            #expect(shown.dots == expected)
        }
    }

    @Test(arguments: Array(UInt64(1)...8))
    func `a line goes through its points, unbroken but for what is no number`(seed: UInt64) throws {
        var random = Seeded(state: seed)
        for count in [2, 5, 17] {
            let values = (0..<count).map { _ in random.next() % 6 == 0 ? Double.nan : random.unit() }
            let shown = try picture(
                LineChart(
                    series: [.init(columns: values.map(LineChart.Column.point), role: .series1)], x: 0...1, y: 0...1))
            for (index, value) in values.enumerated() where value.isFinite {
                #expect(shown.dots.contains(Point(x: column(index, of: count, in: shown), y: row(value, in: shown))))
            }
            for index in 1..<count {
                let (from, to) = (values[index - 1], values[index])
                let (left, right) = (column(index - 1, of: count, in: shown), column(index, of: count, in: shown))
                for x in (left + 1)..<max(left + 1, right) {
                    let rows = shown.dots.filter { $0.x == x }.map(\.y)
                    guard from.isFinite, to.isFinite else {
                        #expect(rows.isEmpty, "column \(x) lies beside a value that is no number")
                        continue
                    }
                    let range =
                        min(row(from, in: shown), row(to, in: shown))...max(row(from, in: shown), row(to, in: shown))
                    #expect(!rows.isEmpty && rows.allSatisfy(range.contains))
                }
            }
        }
    }

    @Test func `a column where nothing was measured is no break`() throws {
        let columns: [LineChart.Column] = [.point(0.5), .gap, .gap, .point(0.5)]
        let shown = try picture(LineChart(series: [.init(columns: columns, role: .series1)], x: 0...1, y: 0...1))
        #expect(Set(shown.dots.map(\.x)) == Set(0..<shown.width))
    }

    @Test func `one point is one dot at the left edge`() throws {
        let shown = try picture(
            LineChart(series: [.init(columns: [.point(1)], role: .series1)], x: 0...1, y: 0...1))
        #expect(shown.dots == [Point(x: 0, y: 0)])
    }

    @Test func `equal factors are equal distances on a logarithmic axis`() throws {
        let values = [1, 10, 100, 1_000, 10_000].map(Double.init)
        let shown = try picture(
            LineChart(
                series: [.init(columns: values.map(LineChart.Column.point), role: .series1)], x: 0...4,
                scale: .logarithmic))
        for (index, _) in values.enumerated() {
            #expect(
                shown.dots.contains(
                    Point(x: column(index, of: 5, in: shown), y: row(Double(index) / 4, in: shown))))
        }
    }

    @Test func `a value at or below zero has no place on a logarithmic axis`() throws {
        let values = [1.0, 0, -5, 100]
        let shown = try picture(
            LineChart(
                series: [.init(columns: values.map(LineChart.Column.point), role: .series1)], x: 0...3,
                scale: .logarithmic))
        #expect(shown.dots == [Point(x: 0, y: shown.height - 1), Point(x: shown.width - 1, y: 0)])
    }
}

@Suite("The axes of a chart")
struct ChartAxisTests {
    private func labels(_ values: [Double], scale: LineChart.Scale = .linear) -> [String] {
        let chart = LineChart(
            series: [.init(columns: values.map(LineChart.Column.point), role: .series1)], x: 0...1, scale: scale)
        return drawn(40, 4, chart.render).map { String($0.prefix { $0 != "│" && $0 != "└" }) }
            .map { String($0.drop { $0 == " " }) }.filter { !$0.isEmpty }
    }

    @Test(
        arguments: [
            ([0.123, 0.987], "0.99", "0.12"), ([0, 100], "100", "0"), ([3, 1_284], "1.3k", "0"), ([-5, 5], "5", "-5"),
            ([7, 7], "7", "7"), ([0, 0], "0", "0"), ([-2, -2], "-2", "-2"), ([.nan, .infinity], "1", "0"),
            ([], "1", "0"), ([1e6, 3.21e6], "3.3M", "1.0M"), ([2.5, .nan, -.infinity], "2.50", "2.50"),
        ] as [([Double], String, String)])
    func `frame the values with two digits`(values: [Double], top: String, bottom: String) {
        let found = labels(values)
        #expect(found.first == top)
        #expect(found.last == bottom)
    }

    @Test(
        arguments: [
            ([1, 100], ["100", "10", "1"]), ([4, 4], ["4"]), ([-1, 0], ["1", "0.32", "0.10"]),
            ([-3, 9, 25], ["25", "15", "9"]),
        ] as [([Double], [String])])
    func `frame a logarithmic curve by its positive values`(values: [Double], expected: [String]) {
        #expect(labels(values, scale: .logarithmic) == expected)
    }

    @Test(arguments: [
        [-Double.greatestFiniteMagnitude, .greatestFiniteMagnitude], [0, .leastNonzeroMagnitude],
        [.leastNonzeroMagnitude, .leastNonzeroMagnitude], [1e308, 1.7e308], [1, 1.0000000000000002], [-1e-310, 1e-310],
        [.greatestFiniteMagnitude, .greatestFiniteMagnitude],
    ])
    func `draw the ends of what a number can hold`(values: [Double]) {
        for scale in [LineChart.Scale.linear, .logarithmic] {
            let chart = LineChart(
                series: [
                    .init(columns: values.map(LineChart.Column.point), role: .series1),
                    .init(columns: values.map(LineChart.Column.point), role: .series1, shape: .band),
                ], x: 0...1, scale: scale)
            #expect(drawn(40, 8, chart.render).count == 8)
        }
    }

    @Test func `name positions at 1, 2 or 5 times a power of ten`() {
        var random = Seeded(state: 41)
        for _ in 0..<2_000 {
            let low = (random.unit() - 0.5) * 1e6
            let span = exp(random.unit() * 25 - 8)
            let count = Int.random(in: 3...12, using: &random)
            let values = ChartLayout.roundValues(in: low...(low + span), atMost: count)
            #expect(!values.isEmpty && values.count <= count + 1)
            #expect(values.allSatisfy { $0 >= low - 1e-9 && $0 <= low + span })
            guard values.count > 1 else { continue }
            let step = values[1] - values[0]
            let mantissa = step / pow(10, floor(log10(step) + 1e-6))
            #expect([1, 2, 5].contains { abs($0 - mantissa) < 1e-2 }, "step \(step)")
        }
    }

    @Test(arguments: [0...Double.leastNonzeroMagnitude, 0...Double.infinity, 3...3, -1e308...1.7e308])
    func `name one position where no round ones can be told apart`(range: ClosedRange<Double>) {
        #expect(ChartLayout.roundValues(in: range, atMost: 4) == [range.lowerBound])
    }
}
