import Testing

@testable import Cockpit

/// Draws into a fresh surface and returns its text.
func drawn(
    _ width: Int, _ height: Int, glyphs: Glyphs = .unicode, _ draw: (inout Surface, Rect) -> Void
) -> [String] {
    var surface = Surface(width: width, height: height, glyphs: glyphs)
    draw(&surface, surface.bounds)
    return surface.lines
}

@Suite("A line of text")
struct TextLineTests {
    @Test
    func `keeps the style of each part`() {
        var surface = Surface(width: 12, height: 1)
        surface.write(TextLine("KL ").appending("0.093", .logWarning, .bold), x: 0, y: 0)
        #expect(surface.lines == ["KL 0.093"])
        #expect(surface[3, 0]?.role == .logWarning)
    }

    @Test
    func `flows piece by piece and breaks none`() {
        let pieces = [TextLine("KL ").appending("0.09"), TextLine(), TextLine("loss 1"), TextLine("step 12")]
        #expect(TextLine.flow(pieces, width: 16).map(\.text) == ["KL 0.09   loss 1", "step 12"])
        #expect(TextLine.flow(pieces, width: 5).map(\.text) == ["KL 0.09", "loss 1", "step 12"])
    }

    @Test(arguments: [(8, "KL 0.093"), (7, "KL 0.0…"), (3, "KL…"), (0, "")])
    func `ends in an ellipsis where it is cut`(width: Int, text: String) {
        let line = TextLine("KL ").appending("0.093")
        #expect(drawn(12, 1) { surface, _ in surface.write(line, x: 0, y: 0, maxWidth: width) } == [text])
    }
}

@Suite("A paragraph")
struct ParagraphTests {
    @Test
    func `wraps at blanks and inside long words`() {
        let lines = Paragraph.wrapped("stops 3 workers immediately", to: 9).map(\.text)
        #expect(lines == ["stops 3 ", "workers ", "immediate", "ly"])
    }

    @Test
    func `a text goes on below itself and not below its label`() {
        func hanging(_ width: Int) -> [String] {
            Paragraph.hanging("data  ", "/long/path/of/a/file and more", to: width).map(\.text)
        }
        #expect(hanging(80) == ["data  /long/path/of/a/file and more"])
        #expect(hanging(16) == ["data  /long/path", "      /of/a/file", "      and more"])
        #expect(hanging(13).first == "data  ", "where there is no room beside the label")
    }

    @Test
    func `counts the lines that have no room`() {
        let lines: [TextLine] = ["one", "two", "three"]
        #expect(Paragraph.counted(lines, height: 3).map(\.text) == ["one", "two", "three"])
        #expect(Paragraph.counted(lines, height: 2).map(\.text) == ["one", "… 2 more lines"])
    }

    @Test
    func `shows lines from the one asked for`() {
        let paragraph = Paragraph(lines: ["one", "two", "three", "four"], firstLine: 2)
        #expect(drawn(4, 2, paragraph.render) == ["thr…", "four"])
    }
}

@Suite("Short numbers")
struct ShortNumberTests {
    @Test(arguments: [
        (0.0, "0"), (0.82, "0.82"), (0.0934, "0.093"), (0.2, "0.20"), (12.44, "12.4"), (500, "500"), (999, "999"),
        (999.7, "1.0k"), (1000, "1.0k"), (1284, "1.28k"), (9999, "10.0k"), (128_400, "128k"), (2_500_000, "2.5M"),
        (-3.14159, "-3.14"), (0.0000031, "3.1e-6"), (1e-5, "1e-5"), (3e18, "3e18"), (.nan, "nan"), (-.infinity, "-inf"),
        (99.96, "100"), (0.0996, "0.10"),
    ])
    func `have about three digits`(value: Double, text: String) {
        #expect(ShortNumber.text(value) == text)
    }

    @Test
    func `are rounded and never show a negative zero`() {
        #expect(ShortNumber.fixed(2.675, decimals: 1) == "2.7")
        #expect(ShortNumber.fixed(-0.004, decimals: 2) == "0.00")
        #expect(ShortNumber.fixed(1.999, decimals: 2) == "2.00")
    }

    @Test(
        arguments: [
            (0, "0"), (0.999999, "0.999999"), (1e-7, "1e-7"), (1.5e-16, "1.5e-16"), (1e20, "1e20"), (-2.5, "-2.5"),
            (1_000_000, "1000000"),
        ] as [(Double, String)])
    func `can be written without being rounded`(value: Double, text: String) {
        #expect(ShortNumber.exact(value) == text)
    }

    @Test(arguments: [(0, "0"), (999, "999"), (1284, "1 284"), (-1_234_567, "-1 234 567")])
    func `group thousands`(value: Int, text: String) {
        #expect(ShortNumber.grouped(value) == text)
    }
}

@Suite("A table")
struct TableTests {
    private let table = Table(
        columns: [
            .init(title: "id", width: 8),
            .init(title: "state", width: 7),
            .init(title: "cpu", width: 4, alignment: .trailing, priority: 1),
            .init(title: "rss", width: 5, alignment: .trailing, priority: 2),
        ],
        rows: [
            .init(["master/0", "running", "3%", "41M"]),
            .init(["model/0", "running", "88%", "1.2G"]),
        ],
        selection: 1)

    @Test
    func `aligns its columns and marks the selected row`() {
        #expect(
            drawn(30, 4, table.render) == [
                " id       state    cpu   rss",
                " master/0 running   3%   41M",
                "▸model/0  running  88%  1.2G",
                "",
            ])
    }

    @Test
    func `drops the least important columns where it is narrow`() {
        #expect(drawn(24, 2, table.render) == [" id       state    cpu", " master/0 running   3%"])
        #expect(drawn(18, 2, table.render) == [" id       state", " master/0 running"])
    }

    @Test
    func `keeps what must stay even where it does not fit`() {
        #expect(drawn(12, 2, table.render) == [" id       st", " master/0 r…"])
    }

    @Test
    func `gives spare width to the columns that grow`() {
        var wide = table
        wide.columns[0].grows = true
        #expect(drawn(32, 2, wide.render)[1] == " master/0     running   3%   41M")
    }

    @Test
    func `gives spare width first to cells that would be cut`() {
        let table = Table(
            columns: [.init(title: "role", width: 4), .init(title: "doing", width: 4, grows: true)],
            rows: [.init(["reward", "ends"])])
        #expect(table.visibleColumns(width: 19).map(\.width) == [6, 12])
        #expect(table.visibleColumns(width: 10).map(\.width) == [5, 4])
    }

    @Test
    func `starts at the row scrolled to`() {
        var scrolled = table
        scrolled.firstRow = 1
        #expect(drawn(30, 2, scrolled.render)[1] == "▸model/0  running  88%  1.2G")
    }
}

@Suite("A scroll window")
struct ScrollWindowTests {
    @Test(arguments: [
        (0, 3, 0), (0, 5, 1), (4, 2, 2), (4, 6, 4), (9, 9, 5), (0, 9, 5), (-3, 0, 0),
    ])
    func `moves no more than the selection needs`(previous: Int, selection: Int, first: Int) {
        #expect(ScrollWindow.first(previous: previous, selection: selection, count: 10, height: 5) == first)
    }

    @Test
    func `shows its place in a long list`() {
        #expect(
            drawn(1, 4) { surface, area in surface.scrollbar(x: 0, area: area, first: 4, count: 8) }
                == ["", "", "┃", "┃"])
        #expect(drawn(1, 2) { surface, area in surface.scrollbar(x: 0, area: area, first: 0, count: 2) } == ["", ""])
    }
}

@Suite("A selection list")
struct SelectionListTests {
    @Test
    func `marks what is selected`() {
        let list = SelectionList(items: ["nord", "mono"], selection: 1)
        #expect(drawn(8, 3, list.render) == ["  nord", "▸ mono", ""])
    }

    @Test
    func `says that it is empty`() {
        let list = SelectionList(items: [], whenEmpty: "no trials yet")
        #expect(drawn(16, 2, list.render) == ["  no trials yet", ""])
    }
}

@Suite("The footer")
struct FooterTests {
    private let footer = FooterHints(
        hints: [.init("tab", "pane"), .init("z", "zoom"), .init("/", "filter"), .init("s", "stop")],
        trailing: [.init("?", "help"), .init("q", "detach")])

    @Test
    func `keeps help at the right and whole hints at the left`() {
        #expect(drawn(60, 1, footer.render) == [" tab pane  z zoom  / filter  s stop        ? help  q detach"])
        #expect(drawn(40, 1, footer.render) == [" tab pane  z zoom      ? help  q detach"])
    }

    @Test
    func `goes on in a second row where it has one`() {
        #expect(drawn(28, 2, footer.render) == [" tab pane  z zoom  / filter", " s stop    ? help  q detach"])
    }
}
