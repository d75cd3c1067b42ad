import Testing

@testable import Cockpit

@Suite("A rectangle")
struct RectTests {
    private let rect = Rect(x: 2, y: 1, width: 10, height: 4)

    @Test
    func `is cut into pieces that fill it`() {
        #expect(rect.splitTop(1).top == Rect(x: 2, y: 1, width: 10, height: 1))
        #expect(rect.splitTop(1).rest == Rect(x: 2, y: 2, width: 10, height: 3))
        #expect(rect.splitBottom(1).bottom == Rect(x: 2, y: 4, width: 10, height: 1))
        #expect(rect.splitLeft(3).rest == Rect(x: 5, y: 1, width: 7, height: 4))
        #expect(rect.splitRight(3).right == Rect(x: 9, y: 1, width: 3, height: 4))
    }

    @Test
    func `gives no more than it has`() {
        #expect(rect.splitTop(9).top == rect)
        #expect(rect.splitTop(9).rest.isEmpty)
        #expect(rect.splitLeft(-1).left.isEmpty)
        #expect(rect.inset(by: 3).isEmpty)
        #expect(Rect(x: 0, y: 0, width: -4, height: -1).size == Size(width: 0, height: 0))
    }

    @Test
    func `places a dialog in its middle`() {
        #expect(rect.centered(width: 4, height: 2) == Rect(x: 5, y: 2, width: 4, height: 2))
        #expect(rect.centered(width: 40, height: 20) == rect)
    }

    @Test
    func `shares nothing with a rectangle beside it`() {
        #expect(rect.intersection(Rect(x: 12, y: 1, width: 3, height: 3)).isEmpty)
        #expect(
            rect.intersection(Rect(x: 0, y: 0, width: 4, height: 3)) == Rect(x: 2, y: 1, width: 2, height: 2))
    }

    @Test
    func `contains its first cell and not the one after its last`() {
        #expect(rect.contains(Point(x: 2, y: 1)))
        #expect(!rect.contains(Point(x: 12, y: 1)))
        #expect(rect.row(3) == Rect(x: 2, y: 4, width: 10, height: 1))
        #expect(rect.row(4).isEmpty)
    }
}
