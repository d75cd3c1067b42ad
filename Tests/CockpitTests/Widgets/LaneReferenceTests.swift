import Testing

@testable import Cockpit
@testable import Store

/// Eight nanoseconds a cell, so that every edge of a span is exact.
private let perCell: Int64 = 8

@Suite("A lane against a rasteriser that counts nanoseconds")
struct LaneReferenceTests {
    /// Spans one after another, with gaps and without, shorter and longer than a cell.
    private func spans(_ random: inout Seeded, until end: Int64, kinds: [SpanKind]) -> [LaneSpan] {
        var spans: [LaneSpan] = []
        var time = -Int64.random(in: 0...30, using: &random)
        while time < end + 20 {
            let length = Int64.random(in: random.next() % 2 == 0 ? 0...9 : 8...60, using: &random)
            spans.append(LaneSpan(kind: kinds.randomElement(using: &random) ?? .train, start: time, end: time + length))
            time += length + Int64.random(in: random.next() % 2 == 0 ? 0...0 : 1...25, using: &random)
        }
        return spans
    }

    private struct Shown: Equatable {
        var kind: SpanKind
        var eighths = 8
        var rise = 1
    }

    /// What a cell of spans that do not overlap shows, by counting.
    private func reference(_ spans: [LaneSpan], cell: Int, width: Int) -> Shown? {
        let from = Int64(cell) * perCell
        var short: (kind: SpanKind, amount: Int64)?
        var long: (kind: SpanKind, amount: Int64, begins: Int64)?
        var shortTotal: Int64 = 0, longTotal: Int64 = 0
        for span in spans {
            guard let end = span.end, end >= 0, span.start < Int64(width) * perCell else { continue }
            let length = end - span.start
            if length < perCell {
                let middle = min(Int64(width - 1), max(0, (span.start + end) / (2 * perCell)))
                guard middle == Int64(cell) else { continue }
                shortTotal += length
                if let present = short, present.kind == span.kind {
                    short = (span.kind, present.amount + length)
                } else if short.map({ length > $0.amount }) ?? true {
                    short = (span.kind, length)
                }
                continue
            }
            let amount = Int64((from..<(from + perCell)).count { $0 >= span.start && $0 < end })
            guard amount > 0 else { continue }
            longTotal += amount
            if let present = long, present.kind == span.kind {
                long = (span.kind, present.amount + amount, present.begins)
            } else if long.map({ amount > $0.amount }) ?? true {
                long = (span.kind, amount, span.start)
            }
        }
        if let short {
            // A cell has eight nanoseconds, so that they are eighths.
            guard shortTotal * 2 < perCell else { return Shown(kind: short.kind) }
            return Shown(kind: short.kind, eighths: 0, rise: max(1, Int(shortTotal)))
        }
        guard let long else { return nil }
        if long.kind == .train, long.begins < from { return Shown(kind: long.kind, eighths: Int(long.amount)) }
        return longTotal * 2 >= perCell ? Shown(kind: long.kind) : nil
    }

    @Test(arguments: Array(UInt64(1)...12))
    func `each cell shows what the count says`(seed: UInt64) {
        var random = Seeded(state: seed)
        for width in [1, 2, 7, 40] {
            let end = Int64(width) * perCell
            let spans = spans(&random, until: end, kinds: [.generate, .inference, .train, .sync])
            let raster = LaneRaster(spans: spans, window: 0...end, now: end, width: width)
            #expect(raster.cells.count == width)
            for cell in 0..<width {
                let expected = reference(spans, cell: cell, width: width)
                let shown = raster.cells[cell]
                #expect(
                    shown.map { Shown(kind: $0.kind, eighths: $0.eighths, rise: $0.rise) } == expected,
                    "cell \(cell) of \(width)")
            }
        }
    }

    @Test(arguments: Array(UInt64(1)...6))
    func `no short span is ever invisible, whatever lies over it`(seed: UInt64) {
        var random = Seeded(state: seed)
        let long = (0..<12).map { _ -> LaneSpan in
            let start = Int64.random(in: -50...300, using: &random)
            return LaneSpan(kind: .generate, start: start, end: start + Int64.random(in: 8...90, using: &random))
        }
        for _ in 0..<40 {
            let start = Int64.random(in: 0...319, using: &random)
            let short = LaneSpan(kind: .failure, start: start, end: start + Int64.random(in: 0...7, using: &random))
            let raster = LaneRaster(spans: long + [short], window: 0...320, now: 320, width: 40)
            #expect(raster.cells.contains { $0?.span == 12 })
        }
    }

    @Test(arguments: [
        LaneSpan(kind: .train, start: .min / 4, end: .max / 4), LaneSpan(kind: .train, start: 0, end: .max / 2),
        LaneSpan(kind: .generate, start: .min / 2, end: nil),
    ])
    func `a span from the beginning to the end of time fills its lane`(span: LaneSpan) {
        let raster = LaneRaster(spans: [span], window: 0...4, now: 4, width: 300)
        #expect(raster.cells.allSatisfy { $0?.kind == span.kind && $0?.eighths == 8 })
    }

    @Test func `calls that take next to no time are no solid bar`() {
        // One of a nanosecond in each cell: busy an eighth of the time.
        let spans = (0..<40).map { LaneSpan(kind: .inference, start: Int64($0) * 8 + 3, end: Int64($0) * 8 + 4) }
        let gantt = Gantt(lanes: [.init(label: "rew", content: .busy(spans))], window: 0...320, now: 320)
        var surface = Surface(width: 44, height: 2)
        gantt.render(in: &surface, area: surface.bounds)
        #expect(surface.lines[1] == "rew│" + String(repeating: "▁", count: 40))
        // A restart has no length and stays what it is.
        let mark = LaneRaster(
            spans: [LaneSpan(kind: .failure, start: 4, end: 4)], window: 0...8, now: 8, width: 1)
        #expect(mark.cells[0]?.eighths == 8)
    }

    @Test func `short calls are as high as their part of the cell`() {
        // Of eight nanoseconds 1, 2, 3 and 4; then two kinds that take 3 together.
        let lengths: [Int64] = [1, 2, 3, 4]
        var spans = lengths.enumerated().map { index, length in
            LaneSpan(kind: .generate, start: Int64(index) * 8 + 2, end: Int64(index) * 8 + 2 + length)
        }
        spans += [LaneSpan(kind: .sync, start: 33, end: 34), LaneSpan(kind: .generate, start: 36, end: 38)]
        let gantt = Gantt(lanes: [.init(label: "gen", content: .busy(spans))], window: 0...48, now: 48)
        #expect(drawn(10, 2) { gantt.render(in: &$0, area: $1) }[1] == "gen│▁▂▃▓▃·")
        #expect(drawn(10, 2, glyphs: .ascii) { gantt.render(in: &$0, area: $1) }[1] == "gen|___G_.")
    }

    @Test func `a cell that two calls fill together is no gap between them`() {
        let spans = [LaneSpan(kind: .sync, start: 0, end: 11), LaneSpan(kind: .generate, start: 13, end: 24)]
        let raster = LaneRaster(spans: spans, window: 0...24, now: 24, width: 3)
        #expect(raster.cells.map { $0?.kind } == [.sync, .sync, .generate])
    }

    @Test func `time of which nothing is known is neither busy nor idle`() {
        let gantt = Gantt(
            lanes: [.init(label: "gen", content: .busy([]))], window: 0...320, now: 320, knownSince: 160)
        var surface = Surface(width: 44, height: 2)
        gantt.render(in: &surface, area: surface.bounds)
        #expect(surface.lines[1] == "gen│" + String(repeating: " ", count: 20) + String(repeating: "·", count: 20))
    }

    @Test func `a running span grows with the clock`() {
        let running = [LaneSpan(kind: .generate, start: 16, end: nil)]
        for now in Int64(16)...80 {
            let raster = LaneRaster(spans: running, window: 0...80, now: now, width: 10)
            let busy = raster.cells.count { $0 != nil }
            #expect(busy == (now - 16 < perCell ? 1 : Int((now - 16 + 4) / perCell)))
        }
        #expect(LaneRaster(spans: running, window: 0...80, now: 80, width: 0).cells.isEmpty)
    }
}

@Suite("The selected span of a lane")
struct SelectedSpanTests {
    private func marks(_ spans: [LaneSpan], selection: Int, width: Int) -> Int {
        let gantt = Gantt(
            lanes: [.init(label: "", content: .busy(spans), selection: selection)], window: 0...320, now: 320)
        var surface = Surface(width: width + 1, height: 2)
        gantt.render(in: &surface, area: surface.bounds)
        return (0...width).count {
            surface[$0, 1]?.role == .cross || surface[$0, 1]?.attributes.contains(.reverse) ?? false
        }
    }

    @Test(arguments: [1, 3, 10, 40, 320])
    func `is marked at every zoom, also where its cells show others`(width: Int) {
        // A hundred short spans in a row: zoomed out, several share a cell.
        let spans = (0..<100).map {
            LaneSpan(kind: $0 % 2 == 0 ? .generate : .sync, start: Int64($0) * 3, end: Int64($0) * 3 + 2)
        }
        for index in spans.indices { #expect(marks(spans, selection: index, width: width) > 0, "span \(index)") }
    }

    @Test func `outside of the window or of the list there is no mark`() {
        let spans = [LaneSpan(kind: .generate, start: 900, end: 950)]
        #expect(marks(spans, selection: 0, width: 40) == 0)
        #expect(marks(spans, selection: 7, width: 40) == 0)
        #expect(marks([], selection: 0, width: 40) == 0)
    }
}

@Suite("The busy share against a count of nanoseconds")
struct BusyReferenceTests {
    private func row(_ start: Int64, _ end: Int64?, worker: String = "model_worker/0") -> SpanRow {
        SpanRow(
            id: start, attempt: 1, worker: worker, mfc: "actor_gen", phase: "main", interfaceType: "generate",
            role: "actor", step: 1, start: start, end: end, sequences: 1, tokens: 1, weightVersion: 1)
    }

    @Test(arguments: Array(UInt64(1)...10))
    func `is the covered part of the window, each nanosecond once`(seed: UInt64) {
        var random = Seeded(state: seed)
        for _ in 0..<30 {
            let from = Int64.random(in: -20...60, using: &random)
            let window = from...(from + Int64.random(in: 1...160, using: &random))
            let now = Int64.random(in: 0...200, using: &random)
            let spans = (0..<Int.random(in: 0...14, using: &random)).map { _ -> SpanRow in
                let start = Int64.random(in: -60...220, using: &random)
                // Some run still, some have no length, a few end before they start.
                return row(start, random.next() % 5 == 0 ? nil : start + Int64.random(in: -3...60, using: &random))
            }
            let covered = (window.lowerBound..<window.upperBound).count { time in
                spans.contains { time >= $0.start && time < $0.end ?? now }
            }
            let busy = TimelineLanes.busy(spans, window: window, now: now)
            #expect(busy == Double(covered) / Double(window.upperBound - window.lowerBound))
            #expect(TimelineLanes.busy(spans + spans, window: window, now: now) == busy)
            #expect(TimelineLanes.busy(spans.shuffled(using: &random), window: window, now: now) == busy)
        }
    }

    @Test func `the parts of a window add up to the whole`() {
        var random = Seeded(state: 77)
        let spans = (0..<20).map { _ -> SpanRow in
            let start = Int64.random(in: 0...200, using: &random)
            return row(start, start + Int64.random(in: 0...40, using: &random))
        }
        for cut in Int64(1)..<200 {
            let left = TimelineLanes.busy(spans, window: 0...cut, now: 0) * Double(cut)
            let right = TimelineLanes.busy(spans, window: cut...200, now: 0) * Double(200 - cut)
            let whole = TimelineLanes.busy(spans, window: 0...200, now: 0) * 200
            #expect(abs(left + right - whole) < 1e-9)
        }
    }
}

@Suite("Ticks of a time axis")
struct TimeAxisPropertyTests {
    @Test func `are far enough apart, inside the window, and round on the clock`() {
        var random = Seeded(state: 31)
        for _ in 0..<600 {
            let length = Int64.random(
                in: 1...(random.next() % 2 == 0 ? 90_000_000_000 : 90_000_000_000_000), using: &random)
            let start = Int64.random(in: 0...1_000_000_000_000, using: &random)
            let origin = Int64.random(in: -1_000_000_000_000...1_800_000_000_000_000_000, using: &random)
            let width = Int.random(in: 1...300, using: &random)
            let window = start...(start + length)
            let ticks = TimeAxis.ticks(window: window, width: width, spacing: 11, origin: origin)
            let step = TimeAxis.step(duration: length, width: width, spacing: 11)
            #expect(ticks.allSatisfy { window.contains($0) && ($0 + origin) % step == 0 })
            #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $1 - $0 == step })
            // Beyond a day's step the axis takes what it gets.
            if step < 86_400_000_000_000 { #expect(Double(step) * Double(width) / Double(length) >= 11 - 1e-9) }
            #expect(ticks.count <= width)
        }
    }
}
