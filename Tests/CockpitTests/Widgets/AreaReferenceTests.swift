import Testing

@testable import Cockpit

@Suite("A sparkline against dots worked out one by one")
struct SparklineReferenceTests {
    @Test(arguments: Array(UInt64(1)...8))
    func `fills each dot column from the bottom to its value`(seed: UInt64) {
        var random = Seeded(state: seed)
        for size in [Size(width: 1, height: 1), Size(width: 7, height: 1), Size(width: 12, height: 3)] {
            let values = (0..<Int.random(in: 0...30, using: &random)).map { _ in
                random.next() % 7 == 0 ? Double.nan : random.unit() * 1.4 - 0.2
            }
            var surface = Surface(size: size)
            Sparkline(values: values, range: 0...1).render(in: &surface, area: surface.bounds)
            var expected: Set<Point> = []
            let dots = size.height * 4
            for (x, value) in values.suffix(size.width * 2).enumerated() where value.isFinite {
                let filled = 1 + Int((min(1, max(0, value)) * Double(dots - 1)).rounded())
                for y in (dots - filled)..<dots { expected.insert(Point(x: x, y: y)) }
            }
            #expect(Dots.read(surface, in: surface.bounds) == expected)
        }
    }

    @Test(
        arguments: [
            [.greatestFiniteMagnitude, -.greatestFiniteMagnitude], [.infinity, -Double.infinity, .nan], [0, 5e-324], [],
        ] as [[Double]])
    func `draws any values without a trap`(values: [Double]) {
        #expect(drawn(4, 2, Sparkline(values: values).render).count == 2)
    }
}

@Suite("Meters and bars, exact to an eighth")
struct BarReferenceTests {
    private static let eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

    private func bar(_ share: Double, _ width: Int) -> String {
        let filled = share > 0 ? max(1, Int((min(1, share) * Double(width * 8)).rounded())) : 0
        return String(repeating: "█", count: filled / 8) + Self.eighths[filled % 8]
    }

    @Test func `a gauge of every width shows every share`() {
        for width in 1...20 {
            for step in 0...(width * 8 + 3) {
                let share = Double(step) / Double(width * 8)
                let inside = bar(share, width)
                let text = "▕" + inside + String(repeating: " ", count: width - inside.count) + "▏"
                #expect(drawn(width + 2, 1, Gauge(share: share).render) == [text])
            }
        }
    }

    @Test func `a gauge needs room for its ends and one cell`() {
        for width in 0..<3 { #expect(drawn(width, 1, Gauge(share: 1).render).joined().isEmpty) }
    }

    @Test func `a fixed colour stays where full is good`() {
        var surface = Surface(width: 6, height: 1)
        Gauge(share: 1, role: .statusDone).render(in: &surface, area: surface.bounds)
        #expect(surface[1, 0]?.role == .statusDone)
        #expect(surface[1, 0]?.background == .meterBackground)
    }

    @Test(arguments: Array(UInt64(1)...6))
    func `a stacked bar of shares fills its width and hides no part that has room`(seed: UInt64) {
        var random = Seeded(state: seed)
        for width in [1, 5, 20, 60] {
            let values = (0..<Int.random(in: 1...6, using: &random)).map { _ in random.unit() * 10 }
            let glyphs: [Unicode.Scalar] = ["a", "b", "c", "d", "e", "f"]
            let segments = zip(values, glyphs).map { StackedBar.Segment(value: $0, glyph: $1, role: .dim) }
            let text = drawn(width, 1, StackedBar(segments: segments).render)[0]
            #expect(text.count == width)
            #expect(Array(text) == text.sorted())
            let whole = values.reduce(0, +)
            var sum = 0.0
            var start = 0
            for (value, glyph) in zip(values, glyphs) {
                sum += value
                let end = max(start + 1, Int((sum / whole * Double(width)).rounded()))
                let expected = max(0, min(end, width) - start)
                #expect(text.unicodeScalars.count { $0 == glyph } == expected)
                start = end
            }
        }
    }

    @Test func `values that no bar can show draw nothing or a full bar, never a trap`() {
        let huge = StackedBar(segments: [
            .init(value: .greatestFiniteMagnitude, glyph: "a", role: .dim),
            .init(value: .greatestFiniteMagnitude, glyph: "b", role: .dim),
        ])
        #expect(drawn(4, 1, huge.render) == [""])
        #expect(drawn(12, 1, Histogram(columns: [("0", .infinity), ("1", 1), ("2", .nan)]).render) == ["0:█ 1:█ 2:"])
        let bars = BarSeries(bars: [
            .init(label: "a", value: .infinity, text: "inf"), .init(label: "b", value: -1, text: "-1"),
            .init(label: "c", value: .nan, text: "nan"), .init(label: "d", value: 2, text: "2"),
        ])
        #expect(drawn(9, 4, bars.render) == ["a inf", "b  -1", "c nan", "d   2 ███"])
    }

    @Test(arguments: [(1, "▁"), (2, "▂"), (3, "▃"), (5, "▅"), (7, "▇"), (8, "█")] as [(Double, String)])
    func `a histogram of eighths has a block for each`(count: Double, block: String) {
        #expect(drawn(12, 1, Histogram(columns: [("a", count), ("b", 8)]).render) == ["a:\(block) b:█"])
    }
}

@Suite("A canvas of dots")
struct BrailleCanvasTests {
    @Test func `has a character for every one of its 256 cells`() {
        for pattern in 1..<256 {
            var canvas = BrailleCanvas(columns: 1, rows: 1)
            var expected: Set<Point> = []
            for bit in 0..<8 where pattern & (1 << bit) != 0 {
                canvas.set(x: bit % 2, y: bit / 2)
                expected.insert(Point(x: bit % 2, y: bit / 2))
            }
            var surface = Surface(width: 1, height: 1)
            canvas.render(in: &surface, x: 0, y: 0, role: .series1)
            #expect(Dots.read(surface, in: surface.bounds) == expected)
        }
    }

    @Test(
        arguments: [
            ([0], "'"), ([2], "-"), ([4], "-"), ([6], "."), ([0, 2], ":"), ([0, 6], ":"), ([4, 6], ";"),
            ([0, 3, 7], "|"),
        ] as [([Int], String)])
    func `has a mark for every height in ASCII`(bits: [Int], mark: String) {
        var canvas = BrailleCanvas(columns: 1, rows: 1)
        for bit in bits { canvas.set(x: bit % 2, y: bit / 2) }
        #expect(
            drawn(1, 1, glyphs: .ascii) { surface, _ in canvas.render(in: &surface, x: 0, y: 0, role: .dim) } == [mark])
    }

    @Test func `lines from everywhere to everywhere stay inside and touch both ends`() {
        for from in 0..<8 {
            for to in 0..<24 {
                let (a, b) = (Point(x: from % 4 * 2, y: from / 4 * 7), Point(x: to % 6, y: to / 6 * 2))
                var canvas = BrailleCanvas(columns: 4, rows: 2)
                canvas.line(from: a, to: b)
                var surface = Surface(width: 4, height: 2)
                canvas.render(in: &surface, x: 0, y: 0, role: .dim)
                let dots = Dots.read(surface, in: surface.bounds)
                #expect(dots.contains(a) && dots.contains(b))
                #expect(dots.count == max(abs(a.x - b.x), abs(a.y - b.y)) + 1)
            }
        }
        var canvas = BrailleCanvas(columns: 1, rows: 1)
        canvas.line(from: Point(x: -50, y: -50), to: Point(x: 60, y: 60))
        canvas.vertical(x: 9, from: -4, to: 90)
        canvas.set(x: -1, y: 0)
        #expect(drawn(1, 1) { surface, _ in canvas.render(in: &surface, x: 0, y: 0, role: .dim) } == ["⠑"])
    }
}

@Suite("Samples stretched to a width")
struct StretchTests {
    @Test func `show all their time, in order, at any width`() {
        for count in 1...40 {
            let values = (0..<count).map(Double.init)
            for width in 1...30 {
                let shown = Sparkline.stretched(values, to: width)
                #expect(shown.count == width * 2)
                #expect(shown.first == 0)
                #expect(shown == shown.sorted())
                if count <= width * 2 { #expect(Set(shown) == Set(values)) }
            }
        }
    }

    @Test func `of nothing, or in no width, are nothing`() {
        #expect(Sparkline.stretched([], to: 5) == [])
        #expect(Sparkline.stretched([1], to: 0) == [])
        #expect(Sparkline.stretched([1, 2], to: 1) == [1, 2])
    }
}
