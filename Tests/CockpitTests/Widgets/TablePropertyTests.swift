import Testing

@testable import Cockpit

@Suite("A table of any columns")
struct TablePropertyTests {
    private func columns(_ random: inout Seeded) -> [Table.Column] {
        (0..<Int.random(in: 1...9, using: &random)).map { index in
            Table.Column(
                title: "c\(index)", width: Int.random(in: 1...12, using: &random),
                priority: Int.random(in: 0...4, using: &random), grows: random.next() % 4 == 0)
        }
    }

    @Test func `fits, keeps the order, and drops the least important first`() {
        var random = Seeded(state: 21)
        for _ in 0..<400 {
            let table = Table(columns: columns(&random), rows: [], spacing: Int.random(in: 0...2, using: &random))
            for width in 0...80 {
                let shown = table.visibleColumns(width: width)
                let total = shown.reduce(0) { $0 + $1.width } + table.spacing * max(0, shown.count - 1)
                let kept = Set(shown.map(\.index))
                let dropped = table.columns.indices.filter { !kept.contains($0) }.map { table.columns[$0].priority }
                #expect(shown.map(\.index) == shown.map(\.index).sorted())
                #expect(table.columns.indices.filter { table.columns[$0].priority == 0 }.allSatisfy(kept.contains))
                #expect(total <= width || kept.allSatisfy { table.columns[$0].priority == 0 })
                #expect(kept.map { table.columns[$0].priority }.max() ?? 0 <= dropped.min() ?? .max)
                #expect(shown.allSatisfy { $0.width >= table.columns[$0.index].width })
                if shown.contains(where: { table.columns[$0.index].grows }), total <= width { #expect(total == width) }
            }
        }
    }

    @Test func `a wider table never shows fewer columns`() {
        var random = Seeded(state: 22)
        for _ in 0..<100 {
            let table = Table(columns: columns(&random), rows: [])
            let counts = (0...100).map { table.visibleColumns(width: $0).count }
            #expect(counts == counts.sorted())
            #expect(counts.last == table.columns.count || table.columns.count > 8)
        }
    }

    private let wide = Table(
        columns: [
            .init(title: "trial", width: 7), .init(title: "n", width: 4, alignment: .trailing),
            .init(title: "mid", width: 5, alignment: .center),
        ],
        rows: [
            .init(["训练训练", "12345", "ab"]), .init(["训练训", "训", "训练训"]), .init(["e\u{301}e\u{301}", "", "x"]),
            .init(["short row"]),
        ])

    @Test func `wide characters keep the columns below each other`() {
        #expect(
            drawn(19, 5, wide.render) == [
                " trial      n  mid",
                " 训练训… 123…  ab",
                " 训练训    训 训练…",
                " e\u{301}e\u{301}             x",
                " short …",
            ])
    }

    @Test func `nothing of a cell reaches the next column`() {
        var maker = TextMaker(seed: 23)
        for _ in 0..<200 {
            let table = Table(
                columns: [.init(title: "a", width: 6), .init(title: "b", width: 3)],
                rows: [.init([TextLine(maker.word(0...12)), "|"])])
            var surface = Surface(width: 11, height: 2)
            table.render(in: &surface, area: surface.bounds)
            #expect(surface[7, 1]?.scalar == " ")
            #expect(surface[8, 1]?.scalar == "|")
        }
    }
}

@Suite("A window over a list")
struct ScrollPropertyTests {
    @Test func `always holds the selection and moves only when it must`() {
        for count in 0...12 {
            for height in 1...6 {
                for previous in -2...14 {
                    for selection in 0..<max(1, count) {
                        let first = ScrollWindow.first(
                            previous: previous, selection: selection, count: count, height: height)
                        let last = max(0, count - height)
                        #expect((0...last).contains(first))
                        if count > 0 { #expect((first..<(first + height)).contains(selection)) }
                        let isFine =
                            (0...last).contains(previous)
                            && (previous..<(previous + height)).contains(selection)
                        if isFine { #expect(first == previous) }
                    }
                }
            }
        }
    }

    @Test func `shows a thumb in the track that tells the beginning from the end`() {
        for height in 1...9 {
            for count in (height + 1)...40 {
                for first in 0...(count - height) {
                    var surface = Surface(width: 3, height: height + 2)
                    let area = Rect(x: 0, y: 1, width: 2, height: height)
                    surface.scrollbar(x: 2, area: area, first: first, count: count)
                    let rows = (0..<surface.height).filter { surface[2, $0]?.scalar == "┃" }
                    guard let top = rows.first, let bottom = rows.last else {
                        Issue.record("no thumb for \(first) of \(count) in \(height)")
                        continue
                    }
                    #expect(rows == Array(top...bottom))
                    #expect(top >= 1 && bottom <= height)
                    if first == 0 { #expect(top == 1) }
                    if first == count - height { #expect(bottom == height) }
                }
            }
        }
    }
}
