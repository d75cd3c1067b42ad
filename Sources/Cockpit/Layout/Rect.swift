/// A width and a height in terminal cells.
struct Size: Hashable, Sendable {
    var width: Int
    var height: Int
}

/// A cell position, from the top left corner.
struct Point: Hashable, Sendable {
    var x: Int
    var y: Int
}

/// A rectangle of terminal cells; never has a negative width or height.
struct Rect: Hashable, Sendable {
    let x: Int
    let y: Int
    let width: Int
    let height: Int

    init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = max(0, width)
        self.height = max(0, height)
    }

    init(_ size: Size) {
        self.init(x: 0, y: 0, width: size.width, height: size.height)
    }

    static let zero = Rect(x: 0, y: 0, width: 0, height: 0)

    /// One past the last column.
    var maxX: Int { x + width }

    /// One past the last row.
    var maxY: Int { y + height }

    var size: Size { Size(width: width, height: height) }

    var isEmpty: Bool { width == 0 || height == 0 }

    func contains(_ point: Point) -> Bool {
        point.x >= x && point.x < maxX && point.y >= y && point.y < maxY
    }

    /// The part both rectangles share; empty where they do not touch.
    func intersection(_ other: Rect) -> Rect {
        let left = max(x, other.x)
        let top = max(y, other.y)
        return Rect(x: left, y: top, width: min(maxX, other.maxX) - left, height: min(maxY, other.maxY) - top)
    }
}

// MARK: - Cutting

extension Rect {
    /// The rectangle without its margin; a box's inside is `inset(by: 1)`.
    func inset(by margin: Int) -> Rect {
        inset(horizontal: margin, vertical: margin)
    }

    /// The rectangle without `horizontal` columns on either side and `vertical` rows above and below.
    func inset(horizontal: Int, vertical: Int) -> Rect {
        Rect(x: x + horizontal, y: y + vertical, width: width - 2 * horizontal, height: height - 2 * vertical)
    }

    /// Cuts `rows` off the top; a request for more than there is takes all of it.
    func splitTop(_ rows: Int) -> (top: Rect, rest: Rect) {
        let taken = min(max(0, rows), height)
        return (
            Rect(x: x, y: y, width: width, height: taken),
            Rect(x: x, y: y + taken, width: width, height: height - taken)
        )
    }

    /// Cuts `rows` off the bottom.
    func splitBottom(_ rows: Int) -> (rest: Rect, bottom: Rect) {
        let taken = min(max(0, rows), height)
        let (rest, bottom) = splitTop(height - taken)
        return (rest, bottom)
    }

    /// Cuts `columns` off the left.
    func splitLeft(_ columns: Int) -> (left: Rect, rest: Rect) {
        let taken = min(max(0, columns), width)
        return (
            Rect(x: x, y: y, width: taken, height: height),
            Rect(x: x + taken, y: y, width: width - taken, height: height)
        )
    }

    /// Cuts `columns` off the right.
    func splitRight(_ columns: Int) -> (rest: Rect, right: Rect) {
        let taken = min(max(0, columns), width)
        let (rest, right) = splitLeft(width - taken)
        return (rest, right)
    }

    /// One row of the rectangle, counted from its top; empty when there is no such row.
    func row(_ index: Int) -> Rect {
        guard index >= 0, index < height else { return Rect(x: x, y: y, width: 0, height: 0) }
        return Rect(x: x, y: y + index, width: width, height: 1)
    }

    /// A rectangle of at most the given size in the middle of this one, for dialogs.
    func centered(width wanted: Int, height tall: Int) -> Rect {
        let across = min(max(0, wanted), width)
        let down = min(max(0, tall), height)
        return Rect(x: x + (width - across) / 2, y: y + (height - down) / 2, width: across, height: down)
    }
}
