/// How much of an axis one part of a layout asks for.
enum Extent: Hashable, Sendable {
    /// Exactly this many cells.
    case fixed(Int)

    /// This share of the whole axis, 0 to 1. Neighbouring fractions are rounded together, so thirds fill the axis.
    case fraction(Double)

    /// At least this many cells, and an equal part of what nobody asked for.
    case minimum(Int)
}

extension Rect {
    /// Splits into columns, left to right; see `Splitter.lengths` for what happens when there is not enough room.
    func columns(_ extents: [Extent], spacing: Int = 0) -> [Rect] {
        var left = x
        return Splitter.lengths(extents, in: width, spacing: spacing).map { length in
            defer { left += length + spacing }
            return Rect(x: min(left, maxX), y: y, width: min(length, maxX - left), height: height)
        }
    }

    /// Splits into rows, top to bottom.
    func rows(_ extents: [Extent], spacing: Int = 0) -> [Rect] {
        var top = y
        return Splitter.lengths(extents, in: height, spacing: spacing).map { length in
            defer { top += length + spacing }
            return Rect(x: x, y: min(top, maxY), width: width, height: min(length, maxY - top))
        }
    }
}

/// Divides one axis by a list of extents.
enum Splitter {
    /// The length of each part. Where the wishes exceed the axis, the last parts shrink first, down to nothing: put
    /// what matters most in front.
    static func lengths(_ extents: [Extent], in total: Int, spacing: Int = 0) -> [Int] {
        let available = max(0, total - spacing * max(0, extents.count - 1))
        var lengths = wishes(extents, in: available)
        var excess = lengths.reduce(0, +) - available
        for index in lengths.indices.reversed() where excess > 0 {
            let cut = min(lengths[index], excess)
            lengths[index] -= cut
            excess -= cut
        }
        share(-excess, among: extents, in: &lengths)
        return lengths
    }

    private static func wishes(_ extents: [Extent], in available: Int) -> [Int] {
        var shareSoFar = 0.0
        return extents.map { extent in
            switch extent {
            case .fixed(let length), .minimum(let length):
                return max(0, length)
            case .fraction(let share):
                let start = (shareSoFar * Double(available)).rounded()
                shareSoFar += min(max(0, share), 1)
                return Int((shareSoFar * Double(available)).rounded() - start)
            }
        }
    }

    private static func share(_ leftover: Int, among extents: [Extent], in lengths: inout [Int]) {
        let growing = extents.indices.filter { index in
            if case .minimum = extents[index] { true } else { false }
        }
        guard leftover > 0, !growing.isEmpty else { return }
        for (order, index) in growing.enumerated() {
            lengths[index] += leftover / growing.count + (order < leftover % growing.count ? 1 : 0)
        }
    }
}
