import Testing

@testable import Cockpit

@Suite("Rectangles of any size")
struct RectPropertyTests {
    private func rect(_ random: inout Seeded) -> Rect {
        Rect(
            x: Int.random(in: -9...9, using: &random), y: Int.random(in: -9...9, using: &random),
            width: Int.random(in: -2...12, using: &random), height: Int.random(in: -2...12, using: &random))
    }

    private func cells(_ rect: Rect) -> Set<Point> {
        Set((rect.y..<rect.maxY).flatMap { y in (rect.x..<rect.maxX).map { Point(x: $0, y: y) } })
    }

    @Test func `are cut without losing or sharing a cell`() {
        var random = Seeded(state: 51)
        for _ in 0..<400 {
            let whole = rect(&random)
            let count = Int.random(in: -3...15, using: &random)
            for (first, second) in [
                whole.splitTop(count), { ($0.bottom, $0.rest) }(whole.splitBottom(count)), whole.splitLeft(count),
                { ($0.right, $0.rest) }(whole.splitRight(count)),
            ] as [(Rect, Rect)] {
                #expect(cells(first).isDisjoint(with: cells(second)))
                #expect(cells(first).union(cells(second)) == cells(whole))
            }
            #expect(whole.splitTop(count).top.height == whole.splitBottom(count).bottom.height)
            #expect(whole.splitLeft(count).left.width == min(max(0, count), whole.width))
        }
    }

    @Test func `share exactly the cells that lie in both`() {
        var random = Seeded(state: 52)
        for _ in 0..<600 {
            let (a, b) = (rect(&random), rect(&random))
            #expect(cells(a.intersection(b)) == cells(a).intersection(cells(b)))
            #expect(a.intersection(b).size == b.intersection(a).size)
            for y in -10...10 {
                for x in stride(from: -10, through: 22, by: 3) {
                    let point = Point(x: x, y: y)
                    #expect(a.contains(point) == cells(a).contains(point))
                }
            }
        }
    }

    @Test func `hold a dialog in their middle, at most a cell off`() {
        var random = Seeded(state: 53)
        for _ in 0..<400 {
            let whole = rect(&random)
            let inside = whole.centered(
                width: Int.random(in: -2...15, using: &random), height: Int.random(in: -2...15, using: &random))
            #expect(whole.intersection(inside).size == inside.size)
            let (left, right) = (inside.x - whole.x, whole.maxX - inside.maxX)
            let (above, below) = (inside.y - whole.y, whole.maxY - inside.maxY)
            #expect((0...1).contains(right - left) && (0...1).contains(below - above))
        }
    }

    @Test func `consist of their rows`() {
        let whole = Rect(x: 3, y: -2, width: 4, height: 5)
        let rows = (-1...6).map(whole.row)
        #expect(rows.reduce(into: Set<Point>()) { $0.formUnion(cells($1)) } == cells(whole))
        #expect(rows.map(\.isEmpty) == [true, false, false, false, false, false, true, true])
    }
}

@Suite("The splitter under any wishes")
struct SplitterPropertyTests {
    private func extents(_ random: inout Seeded) -> [Extent] {
        (0..<Int.random(in: 0...6, using: &random)).map { _ in
            switch random.next() % 3 {
            case 0: .fixed(Int.random(in: -2...20, using: &random))
            case 1: .minimum(Int.random(in: -2...20, using: &random))
            default: .fraction(random.unit() * 1.2 - 0.1)
            }
        }
    }

    @Test func `never gives more than there is nor less than nothing`() {
        var random = Seeded(state: 61)
        for _ in 0..<600 {
            let extents = extents(&random)
            let spacing = Int.random(in: 0...2, using: &random)
            for total in [-5, 0, 1, 7, 40, 300] {
                let lengths = Splitter.lengths(extents, in: total, spacing: spacing)
                let room = max(0, total - spacing * max(0, extents.count - 1))
                #expect(lengths.count == extents.count)
                #expect(lengths.allSatisfy { $0 >= 0 })
                #expect(lengths.reduce(0, +) <= room)
                let grows = extents.contains { if case .minimum = $0 { true } else { false } }
                if grows { #expect(lengths.reduce(0, +) == room) }
            }
        }
    }

    @Test func `keeps what stands in front as long as it can`() {
        var random = Seeded(state: 62)
        for _ in 0..<300 {
            let wishes = (0..<5).map { _ in Int.random(in: 0...20, using: &random) }
            for total in 0...60 {
                let lengths = Splitter.lengths(wishes.map(Extent.fixed), in: total)
                // The first that is short of its wish leaves nothing to those behind it.
                guard
                    let short = zip(lengths, wishes).enumerated().first(where: { $0.element.0 < $0.element.1 })?.offset
                else { continue }
                #expect(lengths.dropFirst(short + 1).allSatisfy { $0 == 0 })
            }
        }
    }

    @Test func `shares what is left over evenly`() {
        for count in 1...7 {
            for total in 0...100 {
                let lengths = Splitter.lengths((0..<count).map { _ in .minimum(0) }, in: total)
                #expect((lengths.max() ?? 0) - (lengths.min() ?? 0) <= 1)
                #expect(lengths == lengths.sorted(by: >))
            }
        }
    }

    @Test func `gives equal fractions lengths that differ by a cell at most and fill the axis`() {
        for count in 1...8 {
            for total in 0...200 {
                let lengths = Splitter.lengths((0..<count).map { _ in .fraction(1 / Double(count)) }, in: total)
                #expect(lengths.reduce(0, +) == total)
                #expect((lengths.max() ?? 0) - (lengths.min() ?? 0) <= 1)
            }
        }
    }

    @Test func `rows and columns cut alike`() {
        var random = Seeded(state: 63)
        for _ in 0..<200 {
            let extents = extents(&random)
            let columns = Rect(x: 2, y: 5, width: 30, height: 3).columns(extents, spacing: 1)
            let rows = Rect(x: 5, y: 2, width: 3, height: 30).rows(extents, spacing: 1)
            #expect(columns.map(\.width) == rows.map(\.height))
            #expect(columns.map(\.x) == rows.map(\.y))
        }
    }
}
