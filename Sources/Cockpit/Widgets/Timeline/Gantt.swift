/// Lanes of spans over a common time axis, with columns of numbers at the right edge.
struct Gantt: Sendable {
    struct Lane: Sendable {
        enum Content: Sendable {
            /// Spans with a dotted line between them: what a worker or a model function call does.
            case busy([LaneSpan])

            /// Spans with nothing between them: events, the critical path.
            case sparse([LaneSpan])

            /// Values over the window as a filled area, 0 to the given maximum.
            case samples([Double], maximum: Double)

            /// A heading for the lanes below.
            case heading
        }

        var label: TextLine
        var content: Content
        var columns: [String] = []

        /// What stands where spans or samples are not known, as far as there is room for it.
        var unknown = ""

        /// The span to mark, as its place in the lane's list.
        var selection: Int?
    }

    struct Tick: Hashable, Sendable {
        enum Mark: Sendable {
            case time
            /// The start of a training step.
            case step
        }

        var time: Int64
        var label: String
        var mark: Mark = .time
    }

    var lanes: [Lane]

    /// Nanoseconds since the start of the run at the left and the right edge.
    var window: ClosedRange<Int64>

    /// Idle lanes are drawn up to here; what still runs ends here.
    var now: Int64

    /// Spans before are not known; the lanes are blank there, which is neither busy nor idle.
    var knownSince = Int64.min
    var ticks: [Tick] = []
    var columnTitles: [String] = []
    var firstLane = 0

    /// Rows of each lane that is no heading.
    private(set) var laneHeight = 1

    /// Rows needed for all lanes and the axis.
    var height: Int { lanes.reduce(1) { $0 + rows(of: $1) } }

    private func rows(of lane: Lane) -> Int { if case .heading = lane.content { 1 } else { laneHeight } }

    /// Makes the lanes as tall as `rows` allow for all of them together with the axis, up to `tallest`.
    mutating func grow(into rows: Int, tallest: Int) {
        laneHeight = 1
        let room = rows - height, growing = lanes.count { if case .heading = $0.content { false } else { true } }
        if room > 0, growing > 0 { laneHeight = min(tallest, 1 + room / growing) }
    }

    func render(in surface: inout Surface, area: Rect) {
        let layout = Layout(gantt: self, area: area)
        guard layout.track.width > 0 else { return }
        surface.clipped(to: area) { surface in
            drawAxis(in: &surface, layout: layout)
            var y = area.y + 1
            for lane in lanes.dropFirst(firstLane) where y < area.maxY {
                draw(lane, in: &surface, layout: layout, y: y)
                y += rows(of: lane)
            }
        }
    }

    /// The cells that the window is spread over, in an area for labels, lanes and numbers.
    func trackWidth(in area: Rect) -> Int { Layout(gantt: self, area: area).track.width }

    // MARK: - Layout

    private struct Layout {
        let labels: Rect
        let track: Rect
        let numbers: Rect
        let columnWidths: [Int]

        init(gantt: Gantt, area: Rect) {
            let widest = gantt.lanes.map(\.label.cellWidth).max() ?? 0
            let labelWidth = min(widest, max(0, area.width / 3))
            columnWidths = gantt.columnTitles.indices.map { index in
                let texts = gantt.lanes.compactMap { $0.columns.indices.contains(index) ? $0.columns[index] : nil }
                return (texts + [gantt.columnTitles[index]]).map(\.cellWidth).max() ?? 0
            }
            let numberWidth = columnWidths.isEmpty ? 0 : columnWidths.reduce(1) { $0 + $1 + 1 }
            let (left, rest) = area.splitLeft(labelWidth + 1)
            let (middle, right) = rest.splitRight(min(numberWidth, rest.width / 2))
            labels = left
            track = middle
            numbers = right
        }
    }

    private func column(of time: Int64, layout: Layout) -> Int? {
        let span = Double(window.upperBound) - Double(window.lowerBound)
        guard span > 0, window.contains(time) else { return nil }
        let share = (Double(time) - Double(window.lowerBound)) / span
        return min(layout.track.width - 1, Int(share * Double(layout.track.width)))
    }

    // MARK: - Drawing

    private func drawAxis(in surface: inout Surface, layout: Layout) {
        let y = layout.track.y
        surface.put(surface.glyphs.vertical, x: layout.track.x - 1, y: y, role: .border)
        var free = layout.track.x
        for tick in ticks {
            guard let column = column(of: tick.time, layout: layout) else { continue }
            let start = layout.track.x + column
            let mark = tick.mark == .step ? String(surface.glyphs.dashedVertical) : ""
            let text = mark + tick.label
            guard start >= free, start + text.cellWidth <= layout.track.maxX else { continue }
            free = start + surface.write(text, x: start, y: y, role: tick.mark == .step ? .accent : .dim) + 1
        }
        drawNumbers(columnTitles, role: .dim, alignment: .leading, in: &surface, layout: layout, y: y)
    }

    private func draw(_ lane: Lane, in surface: inout Surface, layout: Layout, y: Int) {
        surface.write(lane.label, x: layout.labels.x, y: y, maxWidth: layout.labels.width - 1)
        let track = Rect(x: layout.track.x, y: y, width: layout.track.width, height: rows(of: lane))
        surface.verticalLine(x: track.x - 1, y: y, length: track.height)
        switch lane.content {
        case .busy(let spans):
            drawIdle(unknown: lane.unknown, in: &surface, track: track, layout: layout)
            draw(spans, selection: lane.selection, in: &surface, track: track, layout: layout)
        case .sparse(let spans):
            draw(spans, selection: lane.selection, in: &surface, track: track, layout: layout)
        case .samples(let values, let maximum):
            drawSamples(values, maximum: maximum, unknown: lane.unknown, in: &surface, track: track)
        case .heading:
            break
        }
        if layout.numbers.width > 0 { surface.verticalLine(x: layout.numbers.x, y: y, length: track.height) }
        drawNumbers(lane.columns, role: .foreground, alignment: .trailing, in: &surface, layout: layout, y: y)
    }

    /// In the last row of the lane, which all that happens stands on.
    private func drawIdle(unknown: String, in surface: inout Surface, track: Rect, layout: Layout) {
        let end = now >= window.upperBound ? track.width : (column(of: now, layout: layout) ?? 0)
        let start = knownSince <= window.lowerBound ? 0 : (column(of: knownSince, layout: layout) ?? track.width)
        for x in (track.x + min(start, end))..<(track.x + end) {
            surface.put(surface.glyphs.idle, x: x, y: track.maxY - 1, role: .mfcIdle)
        }
        if unknown.cellWidth < start { surface.write(unknown, x: track.x, y: track.maxY - 1, role: .dim) }
    }

    private func draw(
        _ spans: [LaneSpan], selection: Int?, in surface: inout Surface, track: Rect, layout: Layout
    ) {
        let raster = LaneRaster(spans: spans, window: window, now: now, width: track.width)
        for (column, cell) in raster.cells.enumerated() {
            guard let cell else { continue }
            let glyph: Unicode.Scalar
            switch cell.eighths {
            case 0 where surface.glyphs.repertoire == .unicode: glyph = surface.glyphs.lowerEighths[cell.rise - 1]
            case 0: glyph = surface.glyphs.brief
            case 1..<8 where surface.glyphs.repertoire == .unicode: glyph = surface.glyphs.leftEighths[cell.eighths - 1]
            default: glyph = cell.kind.glyph(in: surface.glyphs)
            }
            // What is shorter than a cell keeps to the last row.
            for y in (cell.eighths == 0 ? track.maxY - 1 : track.y)..<track.maxY {
                surface.put(glyph, x: track.x + column, y: y, role: cell.kind.role)
            }
        }
        guard let selection, spans.indices.contains(selection) else { return }
        var columns = raster.cells.indices.filter { raster.cells[$0]?.span == selection }
        if columns.isEmpty {
            // Others show in its cells, but a person who walks along the spans must see where they are.
            let span = spans[selection]
            columns = [span.start, span.end ?? now].compactMap { column(of: $0, layout: layout) }
        }
        guard let first = columns.first, let last = columns.last else { return }
        if last - first >= 2 {
            for y in track.y..<track.maxY {
                surface.put("[", x: track.x + first, y: y, role: .cross, attributes: .bold)
                surface.put("]", x: track.x + last, y: y, role: .cross, attributes: .bold)
            }
        } else {
            let place = Rect(x: track.x + first, y: track.y, width: last - first + 1, height: track.height)
            surface.paint(place, adding: .reverse)
        }
    }

    /// One value a dot column, stretched over the part of the track that has a past.
    private func drawSamples(
        _ values: [Double], maximum: Double, unknown: String, in surface: inout Surface, track: Rect
    ) {
        guard !values.isEmpty, maximum > 0 else { return }
        let dots = Sparkline.stretched(values, to: track.width)
        Sparkline(values: dots, range: 0...maximum).render(in: &surface, area: track)
        let blank = dots.prefix { !$0.isFinite }.count / 2
        if unknown.cellWidth <= blank { surface.write(unknown, x: track.x, y: track.y, role: .dim) }
    }

    private func drawNumbers(
        _ texts: [String], role: Role, alignment: TextAlignment, in surface: inout Surface, layout: Layout, y: Int
    ) {
        guard layout.numbers.width > 0 else { return }
        surface.put(surface.glyphs.vertical, x: layout.numbers.x, y: y, role: .border)
        var x = layout.numbers.x + 1
        for (text, width) in zip(texts, layout.columnWidths) {
            let padded = text.padded(to: width, alignment: alignment, ellipsis: surface.glyphs.ellipsis)
            surface.write(padded, x: x, y: y, role: role)
            x += width + 1
        }
    }
}
