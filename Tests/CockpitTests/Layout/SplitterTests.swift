import Testing

@testable import Cockpit

@Suite("The splitter")
struct SplitterTests {
    @Test(
        arguments: [
            ([Extent.fixed(3), .minimum(5), .fixed(1)], 20, [3, 16, 1]),
            ([.minimum(2), .minimum(2)], 9, [5, 4]),
            ([.fraction(1.0 / 3), .fraction(1.0 / 3), .fraction(1.0 / 3)], 100, [33, 34, 33]),
            ([.fraction(0.5), .fraction(0.5)], 7, [4, 3]),
            ([.fraction(0.25), .minimum(0)], 8, [2, 6]),
            ([.fixed(2)], 9, [2]),
            ([], 9, []),
        ] as [([Extent], Int, [Int])])
    func `divides an axis`(extents: [Extent], total: Int, lengths: [Int]) {
        #expect(Splitter.lengths(extents, in: total) == lengths)
    }

    @Test(
        arguments: [
            ([Extent.fixed(3), .minimum(5), .fixed(4)], 9, [3, 5, 1]),
            ([.fixed(3), .minimum(5), .fixed(4)], 4, [3, 1, 0]),
            ([.fixed(3), .minimum(5)], 0, [0, 0]),
        ] as [([Extent], Int, [Int])])
    func `lets the last parts shrink first`(extents: [Extent], total: Int, lengths: [Int]) {
        #expect(Splitter.lengths(extents, in: total) == lengths)
    }

    @Test
    func `keeps the parts of every size beside each other and inside`() {
        let extents: [Extent] = [.fixed(4), .fraction(0.3), .minimum(6), .minimum(1)]
        for width in 0...300 {
            let whole = Rect(x: 1, y: 0, width: width, height: 2)
            var end = whole.x
            for part in whole.columns(extents) {
                #expect(part.x == end)
                end = part.maxX
            }
            #expect(end <= whole.maxX)
        }
    }

    @Test
    func `leaves space between rows`() {
        let rows = Rect(x: 0, y: 0, width: 5, height: 10).rows([.fixed(2), .minimum(1)], spacing: 1)
        #expect(rows == [Rect(x: 0, y: 0, width: 5, height: 2), Rect(x: 0, y: 3, width: 5, height: 7)])
    }
}
