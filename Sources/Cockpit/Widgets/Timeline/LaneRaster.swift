/// A span of time on one lane; times are nanoseconds since the start of the run.
struct LaneSpan: Hashable, Sendable {
    var kind: SpanKind
    var start: Int64

    /// Nil while it still runs.
    var end: Int64?
}

/// Decides which span each cell of a lane shows.
///
/// A cell of which at least half is covered shows what covers most of it. A span shorter than a cell would never win,
/// so it takes the cell its middle lies in, over a longer neighbour too: nothing that happened is invisible. Where such
/// spans together cover less than half of the cell it is as high as their part of it, so that a call that takes no time
/// is no solid bar, and a whole run does not look the same everywhere.
struct LaneRaster: Sendable {
    struct Cell: Hashable, Sendable {
        var kind: SpanKind

        /// How much of the cell from its left is filled, 1 to 8; 8 unless the kind has partial blocks. 0: something
        /// brief happened in it.
        var eighths = 8

        /// Of a cell in which something brief happened: how high it is filled from its foot, 1 to 4 eighths.
        var rise = 1

        /// The span's place in the list that was given.
        var span: Int
    }

    /// One entry per cell of the lane; nil is idle.
    let cells: [Cell?]

    private struct Cover {
        var span: Int
        var kind: SpanKind
        var amount: Double
        /// What spans of all kinds cover together.
        var total: Double
        var startsBefore: Bool

        init(_ span: Int, _ kind: SpanKind, amount: Double, startsBefore: Bool) {
            (self.span, self.kind, self.startsBefore) = (span, kind, startsBefore)
            (self.amount, total) = (amount, amount)
        }
    }

    init(spans: [LaneSpan], window: ClosedRange<Int64>, now: Int64, width: Int) {
        var long = [Cover?](repeating: nil, count: max(0, width))
        var short = long
        let duration = Double(window.upperBound) - Double(window.lowerBound)
        let scale = duration > 0 ? Double(width) / duration : 0
        for (index, span) in spans.enumerated() {
            let start = (Double(span.start) - Double(window.lowerBound)) * scale
            let end = max(start, (Double(span.end ?? max(now, span.start)) - Double(window.lowerBound)) * scale)
            guard end >= 0, start < Double(width), width > 0 else { continue }
            if end - start < 1 {
                let middle = min(width - 1, max(0, Int((start + end) / 2)))
                let cover = Cover(index, span.kind, amount: end - start, startsBefore: false)
                Self.add(cover, to: &short[middle])
                continue
            }
            let first = Int(max(0, start))
            let last = Int(min(end, Double(width)).rounded(.up)) - 1
            for cell in first...max(first, last) {
                let amount = min(end, Double(cell + 1)) - max(start, Double(cell))
                let cover = Cover(index, span.kind, amount: amount, startsBefore: start < Double(cell))
                Self.add(cover, to: &long[cell])
            }
        }
        cells = zip(long, short).map(Self.winner)
    }

    /// Spans of one kind add up; otherwise the larger part stays.
    private static func add(_ cover: Cover, to slot: inout Cover?) {
        guard var present = slot else { return slot = cover }
        let total = present.total + cover.amount
        if present.kind == cover.kind {
            present.amount += cover.amount
        } else if cover.amount > present.amount {
            present = cover
        }
        present.total = total
        slot = present
    }

    private static func winner(long: Cover?, short: Cover?) -> Cell? {
        if let short {
            // A mark without a length of its own is no call that takes no time.
            guard short.total < 0.5, short.kind.hasLength else { return Cell(kind: short.kind, span: short.span) }
            let rise = max(1, Int((short.total * 8).rounded()))
            return Cell(kind: short.kind, eighths: 0, rise: rise, span: short.span)
        }
        guard let long else { return nil }
        if long.kind.hasPartialBlocks, long.startsBefore {
            let eighths = min(8, Int((long.amount * 8).rounded()))
            return eighths > 0 ? Cell(kind: long.kind, eighths: eighths, span: long.span) : nil
        }
        return long.total >= 0.5 ? Cell(kind: long.kind, span: long.span) : nil
    }
}
