import Protocol
import Store

/// How full the sequence buffer is, what waits for which MFC, and how old the samples are.
struct BufferPanel: Panel {
    let traits = PanelTraits(id: .buffer, placement: .middle, minimum: Size(width: 24, height: 1))

    func title(_ context: PanelContext) -> String { "Buffer" }
    func trailing(_ context: PanelContext) -> String {
        context.snapshot.cuts.bufferBefore.map { "curve since \(context.clock(at: $0)) only" } ?? ""
    }
    func render(in surface: inout Surface, area: Rect, context: PanelContext) {
        guard let buffer = context.snapshot.buffer else {
            surface.write("no sample yet", x: area.x + 1, y: area.y, role: .dim)
            return
        }
        var rest = area.inset(horizontal: 1, vertical: 0)
        func next() -> Rect {
            let (row, below) = rest.splitTop(1)
            rest = below
            return row
        }
        occupancy(buffer, in: &surface, area: next())
        var bars = Self.ready(buffer)
        let ages = Self.ages(buffer)
        if !ages.isEmpty, rest.height >= ages.count + bars.count + Self.leastCurve {
            bars = ages + bars
        } else if !rest.isEmpty {
            staleness(buffer, in: &surface, area: next())
        }
        if !bars.isEmpty, !rest.isEmpty {
            let (area, below) = rest.splitTop(min(bars.count, max(1, rest.height - 1)))
            rest = below
            BarSeries(bars: bars, maximum: Double(max(1, buffer.capacity))).render(in: &surface, area: area)
        }
        if !rest.isEmpty { lastEvent(buffer, in: &surface, area: next()) }
        if rest.height > 2 {
            surface.write("size over the last \(extent(context))", x: rest.x, y: next().y, role: .dim)
        }
        if !rest.isEmpty {
            Sparkline(
                values: Sparkline.stretched(SampleHistory.stepped(context.snapshot.bufferHistory), to: rest.width),
                range: 0...Double(max(1, buffer.capacity)),
                role: .series1
            ).render(in: &surface, area: rest)
        }
    }

    func meter(in surface: inout Surface, x: Int, y: Int, context: PanelContext) -> Int {
        guard let buffer = context.snapshot.buffer else {
            return x + surface.write("buf no sample yet", x: x, y: y, role: .dim) + 2
        }
        let age = buffer.oldest.map { " age \($0)" } ?? ""
        return surface.meter("buf", buffer.share, "\(buffer.size)/\(buffer.capacity)\(age)", x: x, y: y)
    }

    private func occupancy(_ buffer: BufferRow, in surface: inout Surface, area: Rect) {
        let numbers = "\(ShortNumber.grouped(buffer.size)) of \(ShortNumber.grouped(buffer.capacity))"
        surface.write("size", x: area.x, y: area.y, role: .dim)
        let meter = Rect(x: area.x + 6, y: area.y, width: area.width - 8 - numbers.cellWidth, height: 1)
        Gauge(share: buffer.share).render(in: &surface, area: meter)
        surface.write(numbers, x: area.maxX - numbers.cellWidth, y: area.y, role: .foreground)
    }

    private func staleness(_ buffer: BufferRow, in surface: inout Surface, area: Rect) {
        let used = surface.write("age", x: area.x, y: area.y, role: .dim) + 3
        let columns = buffer.staleness.prefix(12).enumerated().map {
            (label: "\($0.offset)", count: Double($0.element))
        }
        Histogram(columns: columns).render(
            in: &surface, area: Rect(x: area.x + used, y: area.y, width: area.width - used, height: 1))
        let age = buffer.ageText
        let x = area.maxX - age.cellWidth
        if x > area.x + used + columns.count * 4 { surface.write(age, x: x, y: area.y) }
    }

    /// Items that are ready for each call.
    private static func ready(_ buffer: BufferRow) -> [BarSeries.Bar] {
        buffer.ready.sorted { $0.key < $1.key }.map { entry in
            BarSeries.Bar(
                label: "ready \(entry.key)", value: Double(entry.value), text: ShortNumber.grouped(entry.value),
                role: .series2)
        }
    }

    /// Items of each age in weight versions, the youngest first; the last row has all that are older as well.
    private static func ages(_ buffer: BufferRow) -> [BarSeries.Bar] {
        let known = buffer.staleness.prefix((buffer.oldest ?? -1) + 1).map(Double.init)
        let old = known.dropFirst(mostAges - 1)
        var counts = Array(known.prefix(mostAges - 1))
        if !old.isEmpty { counts.append(old.reduce(0, +)) }
        return counts.enumerated().map { age, count in
            let label = age == mostAges - 1 && old.count > 1 ? "age \(age)+" : "age \(age)"
            return BarSeries.Bar(label: label, value: count, text: ShortNumber.text(count), role: .accent)
        }
    }

    private static let mostAges = 12
    /// Rows that the last event and the curve keep before ages have rows of their own.
    private static let leastCurve = 6

    /// How much time the curve of the size covers.
    private func extent(_ context: PanelContext) -> String {
        let window = context.run.timeline.window(at: context.snapshot.time) + context.run.timeline.offset
        return Format.duration(min(window, max(1, context.snapshot.time)))
    }

    private func lastEvent(_ buffer: BufferRow, in surface: inout Surface, area: Rect) {
        let call = buffer.mfc.isEmpty ? "" : " \(buffer.mfc)"
        let line = TextLine("in use ", .dim).appending(ShortNumber.grouped(buffer.beingRead))
            .appending("   last ", .dim).appending("\(buffer.event) \(buffer.count)\(call)")
        surface.write(line, x: area.x, y: area.y, maxWidth: area.width)
    }
}

extension BufferRow {
    /// How full it is, 0 to 1.
    var share: Double { capacity > 0 ? Double(size) / Double(capacity) : 0 }

    /// The age of the oldest sample in weight versions; nil when the buffer is empty.
    var oldest: Int? { staleness.lastIndex { $0 > 0 } }

    /// The oldest age in words.
    var ageText: TextLine {
        TextLine(oldest.map { "oldest \($0)" } ?? "nothing generated is in it", .dim)
    }
}

extension PaneID {
    static let buffer = PaneID("buffer")
}
