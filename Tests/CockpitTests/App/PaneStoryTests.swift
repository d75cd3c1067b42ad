import Protocol
import TestSupport
import Testing

@testable import Cockpit
@testable import Store

/// Keys inside the panes of a run, and the mouse.
@Suite struct PaneStoryTests {
    private func run(_ pane: PaneID, _ keys: String) throws -> RunView {
        var state = try StateFixtures.live()
        state.run?.focus = pane
        _ = Look.press(keys, on: &state)
        return try #require(state.run)
    }

    // MARK: Charts

    @Test(
        arguments: [
            ("l", 1), ("l l h", 1), ("h", 0), ("j", 3), ("j k", 0), ("G", 11), ("G g", 0), ("G l", 11), ("PgDn", 6),
            ("PgDn PgDn", 11), ("G PgUp", 5), ("right down", 4),
        ])
    func `a chart is chosen by rows and columns`(keys: String, selected: Int) throws {
        #expect(try run(.charts, keys).charts.selected == selected)
    }

    @Test(
        arguments: [
            ("+", 2, 1.0), ("+ + + + + + +", 32, 1.0), ("+ -", 1, 1.0), ("-", 1, 1.0), ("+ + H", 4, 0.9375),
            ("+ + H L L", 4, 1.0), ("+ H H H H H H H H H", 2, 0.5), ("+ H =", 1, 1.0), ("+ H F", 2, 1.0), ("H", 1, 1.0),
            ("+ + H H H H H H H H H H H H -", 2, 0.5), ("+ + H H H H H H H H H H H H - -", 1, 1.0),
        ] as [(String, Int, Double)])
    func `a chart's window is zoomed and panned and never leaves the curve`(keys: String, zoom: Int, end: Double) throws
    {
        let charts = try run(.charts, keys).charts
        #expect(charts.zoom == zoom)
        #expect(charts.end == end)
    }

    @Test(arguments: [("S", 0.9), ("s", 0.5), ("s s s s", 0), ("S S S S S S", 0.99)] as [(String, Double)])
    func `a curve is smoothed more and less`(keys: String, weight: Double) throws {
        #expect(try run(.charts, keys).charts.weight == weight)
        #expect(try run(.charts, keys + " Y").charts.isLogarithmic)
        #expect(try !run(.charts, keys + " Y Y").charts.isLogarithmic)
        #expect(try run(.charts, "enter").isZoomed)
    }

    // MARK: Workers and log

    @Test(arguments: [("j", 1), ("j j j j", 2), ("k", 0), ("G", 2), ("G g", 0), ("PgDn", 2), ("PgDn PgUp", 0)])
    func `a worker is chosen`(keys: String, selected: Int) throws {
        #expect(try run(.workers, keys).workers.selected == selected)
    }

    @Test(
        arguments: [
            ("k", 1), ("j", 0), ("PgUp", 10), ("PgUp j", 9), ("g", 39), ("g k", 39), ("g G", 0), ("PgUp f", 0),
            ("ctrl-u ctrl-d", 0),
        ])
    func `the log is scrolled back and follows again`(keys: String, scroll: Int) throws {
        #expect(try run(.logs, keys).logs.scroll == scroll)
    }

    @Test func `w wraps, v raises the level and comes round to all`() throws {
        #expect(try run(.logs, "w").logs.wraps)
        let levels = try (0...LogLevel.allCases.count).map { count in
            try run(.logs, Array(repeating: "v", count: count).joined(separator: " ")).logs.level
        }
        #expect(levels == [.info, .warning, .error, .debug, .info])
    }

    // MARK: Timeline

    @Test(
        arguments: [
            ("+", 3), ("=", 3), ("-", 5), ("+ + + + + + + + + + + + + +", 0), ("- - - - - - - - - - - - - -", 9),
        ])
    func `the timeline's window grows and shrinks, and stays as a person set it`(keys: String, zoom: Int) throws {
        let view = try run(.timeline, keys).timeline
        #expect(view.zoom == zoom)
        #expect(!view.isZoomAutomatic)
    }

    @Test func `0 shows the whole run and any zoom comes back from it`() throws {
        #expect(try run(.timeline, "0").timeline.window(at: 600 * RunFixtures.second) == 600 * RunFixtures.second)
        #expect(try run(.timeline, "0").timeline.window(at: 0) == RunFixtures.second)
        #expect(try run(.timeline, "0 +").timeline.isWhole == false)
        #expect(try run(.timeline, "0 0").timeline.isWhole == false)
    }

    @Test func `panning goes by quarters, stops at the start, and F returns`() throws {
        let window = try run(.timeline, "").timeline.window(at: 0)
        #expect(try run(.timeline, "H").timeline.offset == window / 4)
        #expect(try run(.timeline, "H L L").timeline.offset == 0)
        let far = try run(.timeline, Array(repeating: "H", count: 200).joined(separator: " ")).timeline
        #expect(far.offset == 600 * RunFixtures.second - window / 4)
        #expect(try run(.timeline, "H H F").timeline.offset == 0)
        #expect(try run(.timeline, "I").timeline.showsIdle == false)
    }

    @Test func `h and l walk along a lane's spans and j leaves the span`() throws {
        let snapshot = try RunFixtures.snapshot()
        let spans = TimelineLanes.lanes(of: snapshot)[0].spans.map(\.id)
        #expect(try run(.timeline, "h").timeline.span == spans.last)
        #expect(try run(.timeline, "h h h").timeline.span == spans.dropLast(2).last)
        #expect(try run(.timeline, "h l l l").timeline.span == spans.last)
        let first = try run(.timeline, Array(repeating: "h", count: 80).joined(separator: " ")).timeline
        #expect(first.span == spans.first)
        let window = TimelineLanes.window(first, time: snapshot.time)
        #expect(window.contains(try #require(snapshot.spans.first { $0.id == first.span }).start), "it is in sight")
        let below = try run(.timeline, "h j").timeline
        #expect(below.span == nil)
        #expect(below.lane == 1)
        #expect(try run(.timeline, "h esc").timeline.span == nil)
        #expect(try run(.timeline, "j j j j j j j").timeline.lane == 3)
    }

    @Test func `enter shows the span in full, and y copies it there whatever the dashboard's pane was`() throws {
        var state = try StateFixtures.live()
        _ = Look.press("enter", on: &state)
        #expect(state.screen == .timeline)
        let span = try #require(state.run?.snapshot?.spans.first { $0.id == state.run?.timeline.span })
        state.run?.focus = .charts
        #expect(Look.press("y", on: &state) == ["copy \(SpanText.line(span))"])
    }

    // MARK: The mouse

    private func mouse(_ kind: MouseEvent.Kind, _ place: Point, on state: inout AppState) {
        _ = Reducer.reduce(&state, .mouse(MouseEvent(kind: kind, position: place)), now: 0)
    }

    private func middle(_ rect: Rect) -> Point { Point(x: rect.x + rect.width / 2, y: rect.y + rect.height / 2) }

    @Test func `a click gives a pane the focus, wherever in it`() throws {
        let start = try StateFixtures.live(StateFixtures.large)
        for (pane, place) in DashboardLayout(state: start).panes {
            for point in [Point(x: place.x, y: place.y), middle(place), Point(x: place.maxX - 1, y: place.maxY - 1)] {
                var state = start
                mouse(.press(.left), point, on: &state)
                #expect(state.run?.focus == pane)
            }
        }
    }

    @Test func `a click on a chart selects it and the wheel zooms there`() throws {
        var state = try StateFixtures.live(StateFixtures.large)
        let boxes = DashboardLayout(state: state).charts.boxes
        for (index, box) in boxes.enumerated() {
            mouse(.press(.left), middle(box), on: &state)
            #expect(state.run?.charts.selected == min(index, 11))
        }
        mouse(.wheelUp, middle(boxes[0]), on: &state)
        #expect(state.run?.charts.zoom == 2)
        mouse(.wheelDown, middle(boxes[0]), on: &state)
        #expect(state.run?.charts.zoom == 1)
    }

    @Test func `the wheel moves in the list that it is over`() throws {
        var state = try StateFixtures.live(StateFixtures.large)
        let panes = DashboardLayout(state: state).panes
        mouse(.wheelDown, middle(try #require(panes[.workers])), on: &state)
        #expect(state.run?.workers.selected == 1)
        mouse(.wheelUp, middle(try #require(panes[.logs])), on: &state)
        #expect(state.run?.logs.scroll == 1)
        let zoom = try #require(state.run?.timeline.zoom)
        mouse(.wheelUp, middle(try #require(panes[.timeline])), on: &state)
        #expect(state.run?.timeline.zoom == zoom - 1)
        _ = Look.press("3", on: &state)
        mouse(.wheelDown, Point(x: 1, y: 1), on: &state)
        #expect(state.run?.timeline.zoom == zoom)
    }

    @Test func `a click selects the trial in that row and beside the rows nothing`() throws {
        var state = try StateFixtures.home()
        let table = TrialsLayout(state: state).table
        for (index, item) in state.trials.visible.enumerated() {
            mouse(.press(.left), Point(x: table.x + 3, y: table.y + index), on: &state)
            #expect(state.trials.selectedItem?.id == item.id)
        }
        let selected = state.trials.selected
        for place in [
            Point(x: 0, y: 0), Point(x: table.x, y: table.y + 40), Point(x: -1, y: table.y), Point(x: 999, y: 1),
        ] {
            mouse(.press(.left), place, on: &state)
            #expect(state.trials.selected == selected)
        }
        mouse(.wheelUp, Point(x: 1, y: 1), on: &state)
        #expect(state.trials.selected == state.trials.visible[2].id)
    }

    @Test(arguments: ["s", "?", ":", "T", "8 /"])
    func `a click beside a question or a line that is typed answers nothing`(keys: String) throws {
        var state = try StateFixtures.live(StateFixtures.large)
        _ = Look.press(keys, on: &state)
        let before = state
        for kind in [MouseEvent.Kind.press(.left), .wheelUp, .wheelDown, .drag(.left), .release(.left)] {
            mouse(kind, Point(x: 100, y: 25), on: &state)
        }
        #expect(state == before)
    }

    @Test func `dragging along the scrub bar moves the playhead from end to end`() throws {
        var state = try StateFixtures.replay()
        let track = TransportBar.track(in: try #require(DashboardLayout(state: state).transport))
        var last: Int64 = -1
        for x in track.x..<track.maxX {
            mouse(.drag(.left), Point(x: x, y: track.y), on: &state)
            let position = try #require(state.run?.transport.position(now: 0, end: 1_196 * RunFixtures.second))
            #expect(position > last)
            last = position
        }
        #expect(last == 1_196 * RunFixtures.second)
        mouse(.drag(.left), Point(x: track.x, y: track.y), on: &state)
        #expect(state.run?.transport.mode == .paused(at: 0))
    }
}
