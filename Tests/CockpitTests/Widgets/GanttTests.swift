import Testing

@testable import Cockpit

/// One cell of these timelines is a second.
private let second: Int64 = 1_000_000_000

private func span(_ kind: SpanKind, _ start: Double, _ end: Double?) -> LaneSpan {
    LaneSpan(kind: kind, start: Int64(start * 1e9), end: end.map { Int64($0 * 1e9) })
}

@Suite("A timeline lane")
struct LaneRasterTests {
    private func row(_ spans: [LaneSpan], width: Int = 12, now: Double = 100) -> String {
        let gantt = Gantt(
            lanes: [.init(label: "", content: .busy(spans))], window: 0...Int64(width) * second,
            now: Int64(now * 1e9))
        return String(drawn(width + 1, 2, gantt.render)[1].dropFirst())
    }

    @Test
    func `draws each kind of call with its own glyph`() {
        let spans = [
            span(.generate, 0, 4), span(.sync, 4, 5), span(.inference, 6, 8), span(.train, 8, 10),
            span(.save, 10, 10.1),
        ]
        #expect(row(spans) == "▓▓▓▓░·▒▒██┆·")
    }

    @Test
    func `ends a training span at an eighth of a cell`() {
        #expect(row([span(.train, 2, 5.5)]) == "··███▌······")
    }

    @Test
    func `gives a cell to what covers half of it`() {
        #expect(row([span(.generate, 0.6, 3.4)]) == "·▓▓·········")
        #expect(row([span(.generate, 0.4, 3.6)]) == "▓▓▓▓········")
    }

    @Test
    func `shows spans much shorter than a cell`() {
        #expect(row([span(.inference, 3.01, 3.02)]) == "···▁········")
        #expect(row([span(.generate, 0, 8), span(.sync, 4.2, 4.3)]) == "▓▓▓▓▁▓▓▓····")
    }

    @Test
    func `goes on to now while it runs`() {
        #expect(row([span(.generate, 2, nil)], now: 6) == "··▓▓▓▓")
    }

    @Test
    func `cuts spans at the window`() {
        #expect(row([span(.generate, -5, 2), span(.train, 10, 99), span(.train, 200, 300)]) == "▓▓········██")
    }

    @Test
    func `survives spans that end before they start`() {
        #expect(row([span(.generate, 4, 2)]) == "····▁·······")
    }
}

@Suite("A timeline")
struct GanttTests {
    private var gantt = Gantt(
        lanes: [
            .init(
                label: "actor.gen", content: .busy([span(.generate, 0, 12), span(.sync, 12, 14)]),
                columns: ["71%", "8%"]),
            .init(label: "actor.tr", content: .busy([span(.train, 16, 20)]), columns: ["22%", "55%"]),
        ],
        window: 0...30 * second, now: 25 * second,
        ticks: [
            .init(time: 0, label: "12:03:20"), .init(time: 10 * second, label: ":30"),
            .init(time: 20 * second, label: "1 284", mark: .step),
        ],
        columnTitles: ["busy", "bub"])

    @Test
    func `has an axis, lanes and numbers`() {
        #expect(
            drawn(50, 3, gantt.render) == [
                "         │12:03:20  :30       ┊1 284    │busy bub",
                "actor.gen│▓▓▓▓▓▓▓▓▓▓▓▓░░···········     │ 71%  8%",
                "actor.tr │················████·····     │ 22% 55%",
            ])
    }

    @Test
    mutating func `marks the selected span`() {
        gantt.lanes[1].selection = 0
        #expect(drawn(50, 3, gantt.render)[2] == "actor.tr │················[██]·····     │ 22% 55%")
    }

    @Test
    mutating func `draws occupancy and headings as lanes`() {
        gantt.columnTitles = []
        gantt.lanes = [
            .init(label: "model/0", content: .heading),
            .init(label: "buffer", content: .samples([0, 1, 2, 4], maximum: 4)),
            .init(label: "the save", content: .sparse([span(.save, 0, 15)])),
        ]
        #expect(
            drawn(19, 4, gantt.render) == [
                "      │12:03:20", "model…│", "buffer│⣀⣀⣀⣤⣤⣤⣶⣶⣶⣿⣿⣿", "the s…│┆┆┆┆┆┆",
            ])
    }

    @Test
    mutating func `has taller lanes where there are rows for them, on which short calls and idle time stand`() {
        gantt.lanes = [
            .init(label: "model/0", content: .heading),
            .init(label: "actor", content: .busy([span(.generate, 0, 6), span(.inference, 9.01, 9.02)])),
        ]
        gantt.columnTitles = []
        gantt.window = 0...12 * second
        gantt.grow(into: 5, tallest: 5)
        #expect(gantt.height == 5)
        #expect(
            drawn(19, 5, gantt.render) == [
                "      │12:03:20", "model…│", "actor │▓▓▓▓▓▓", "      │▓▓▓▓▓▓", "      │▓▓▓▓▓▓···▁··",
            ])
        gantt.grow(into: 99, tallest: 2)
        #expect(gantt.height == 4)
        gantt.grow(into: 0, tallest: 5)
        #expect(gantt.height == 3)
    }

    @Test
    mutating func `draws with letters in ASCII`() {
        gantt.lanes[1].content = .busy([span(.train, 16, 20.6)])
        gantt.columnTitles = []
        #expect(drawn(40, 3, glyphs: .ascii, gantt.render)[2] == "actor.tr |................TTTTT....")
    }

    @Test
    func `explains its glyphs`() {
        #expect(
            drawn(90, 1, GanttLegend().render) == [
                "▓ generate  ▒ inference  █ train  ▚ evaluate  ░ data transfer  ┆ save  · idle  ▁ brief"
            ])
        #expect(
            drawn(78, 1, GanttLegend().render) == [
                "▓ generate  ▒ inference  █ train  ▚ evaluate  ░ data transfer  ┆ save  · idle"
            ])
        #expect(
            drawn(118, 1, glyphs: .ascii, GanttLegend().render) == [
                "G generate  i inference  T train  e evaluate  - data transfer  s save  . idle  _ brief  / initialize"
            ])
    }

    @Test
    func `has a glyph of its own for each kind that the legend names`() {
        let kinds: [SpanKind] = [.generate, .inference, .train, .evaluate, .sync, .save, .initialize]
        for glyphs in [Glyphs.unicode, .ascii] { #expect(Set(kinds.map { $0.glyph(in: glyphs) }).count == 7) }
    }
}

@Suite("A time axis")
struct TimeAxisTests {
    @Test
    func `counts in steps that people count in`() {
        #expect(TimeAxis.step(duration: 82 * second, width: 100, spacing: 11) == 10 * second)
        #expect(TimeAxis.step(duration: 3600 * second, width: 60, spacing: 11) == 900 * second)
        #expect(TimeAxis.step(duration: 0, width: 60, spacing: 11) == second)
    }

    @Test
    func `is round on the clock, not since the start`() {
        let ticks = TimeAxis.ticks(window: 0...30 * second, width: 30, spacing: 8, origin: 7 * second)
        #expect(ticks == [3 * second, 13 * second, 23 * second])
    }
}
