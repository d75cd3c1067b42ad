import Protocol
import Testing

@testable import Cockpit
@testable import Store

@Suite("The bar of a replay")
struct TransportBarTests {
    private func lines(at share: Double, width: Int = 80, _ change: (inout AppState) -> Void = { _ in }) throws
        -> [String]
    {
        var state = try StateFixtures.replay(Size(width: width, height: 36))
        let end = try #require(state.run?.snapshot?.endTime)
        state.run?.transport.seek(to: Int64(share * Double(end)), now: 0)
        change(&state)
        let run = try #require(state.run)
        var surface = Surface(width: width, height: 6)
        TransportBar(run: run, snapshot: try #require(run.snapshot), now: 0, utcOffset: 0)
            .render(in: &surface, area: surface.bounds)
        return surface.lines
    }

    @Test func `its playhead stands where the time is, from end to end`() throws {
        for width in [40, 60, 80, 120, 300] {
            let track = TransportBar.track(in: Rect(x: 0, y: 0, width: width, height: 6))
            for step in 0...20 {
                let row = Array(try lines(at: Double(step) / 20, width: width)[2])
                let head = try #require(row.firstIndex(of: "■"))
                #expect(head == track.x + Int((Double(step) / 20 * Double(track.width - 1)).rounded()))
                #expect(row[track.x - 1] == "├" && row[track.maxX] == "┤")
                #expect(row[track.x..<head].allSatisfy { $0 == "═" })
                #expect(row[(head + 1)..<track.maxX].allSatisfy { $0 == "─" })
            }
        }
    }

    @Test(arguments: [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64])
    func `one speed is marked, the one in force`(speed: Double) throws {
        let row = try lines(at: 0.5, width: 120) { state in
            state.run?.transport.changeSpeed(by: -9, now: 0, end: 1)
            state.run?.transport.changeSpeed(by: Transport.speeds.firstIndex(of: speed) ?? 0, now: 0, end: 1)
        }[1]
        #expect(row.contains("[\(Format.speed(speed, .unicode))]"))
        #expect(row.count { $0 == "[" } == 1)
    }

    @Test func `it tells playing from paused in words and glyphs`() throws {
        #expect(try lines(at: 0.5)[1].contains("‖ paused"))
        let playing = try lines(at: 0.5) { $0.run?.transport.play(now: 0, end: .max) }
        #expect(playing[1].contains("▶ playing"))
    }

    @Test func `where not all speeds fit, the one in force does, and the clock and the step`() throws {
        #expect(try lines(at: 0.5)[1].contains("speed [1x]   wall 09:09:58   step 153"))
        #expect(try lines(at: 0.5, width: 120)[1].contains("64x    wall 09:09:58   step 153"))
    }

    @Test func `failures, restarts, checkpoints and the end have marks of their own on one row`() throws {
        let row = try lines(at: 0.3) { state in
            let end = state.run?.snapshot?.endTime ?? 0
            state.run?.snapshot?.checkpoints[0].time = end / 2
            state.run?.snapshot?.events = [
                LifecycleRow(time: 0, kind: "started", worker: "", detail: ""),
                LifecycleRow(time: end / 4, kind: "worker_failed", worker: "", detail: ""),
                LifecycleRow(time: end, kind: "completed", worker: "", detail: ""),
            ]
        }[3]
        let track = TransportBar.track(in: Rect(x: 0, y: 0, width: 80, height: 6))
        let cells = Array(row)
        #expect(cells[track.x] == "▏")
        #expect(cells[track.x + (track.width - 1) / 4] == "✗")
        #expect(cells[track.x + (track.width - 1) / 2] == "┆")
        #expect(cells[track.maxX - 1] == "✓")
        #expect(cells.count { $0 == "✗" } == 1)
    }

    @Test func `what lies outside of the recording is drawn at its ends`() throws {
        let row = try lines(at: 0.3) { state in
            state.run?.snapshot?.checkpoints = []
            state.run?.snapshot?.events = [
                LifecycleRow(time: -(1 << 60), kind: "failed", worker: "", detail: ""),
                LifecycleRow(time: 1 << 61, kind: "completed", worker: "", detail: ""),
            ]
        }[3]
        let track = TransportBar.track(in: Rect(x: 0, y: 0, width: 80, height: 6))
        #expect(Array(row)[track.x] == "✗" && Array(row)[track.maxX - 1] == "✓")
    }

    private func emptied(_ state: AppState) -> [String: Curve] {
        (state.run?.snapshot?.curves ?? [:]).mapValues { Curve(firstStep: $0.firstStep, lastStep: 1, columns: []) }
    }

    @Test func `an empty recording and an empty curve draw no events and do not trap`() throws {
        let found = try lines(at: 0) { state in
            state.run?.snapshot?.endTime = 0
            let curves = emptied(state)
            state.run?.snapshot?.curves = curves
        }
        #expect(found.count == 6)
        #expect(!found[3].contains("✗"))
        let curveless = try lines(at: 0.5) { state in
            let curves = emptied(state)
            state.run?.snapshot?.curves = curves
        }
        #expect(curveless[4].allSatisfy { $0 == "│" || $0 == " " })
    }

    @Test func `the curve below ends at the playhead and has no holes between points`() throws {
        let found = try lines(at: 0.5) { state in
            let end = state.run?.snapshot?.endTime ?? 0
            state.run?.snapshot?.time = end / 2
            let key = state.run?.metrics.first ?? ""
            // Two points in forty columns: a short run on a wide screen.
            state.run?.snapshot?.curves[key]?.columns = (0..<40).map {
                $0 % 20 == 0 ? ReducedColumn(count: 1, low: 1, high: 1, mean: Double($0), last: 1) : ReducedColumn()
            }
        }
        let track = TransportBar.track(in: Rect(x: 0, y: 0, width: 80, height: 6))
        let row = Array(found[4])[track.x..<track.maxX]
        #expect(row.prefix(track.width / 2).allSatisfy { $0 != " " })
        #expect(row.dropFirst(track.width / 2).allSatisfy { $0 == " " })
    }

    @Test(arguments: [0, 1, 5, 17, 18, 19, 25])
    func `in a box too narrow for it nothing is drawn outside`(width: Int) throws {
        let run = try #require(try StateFixtures.replay().run)
        for height in 0...7 {
            var surface = Surface(width: 40, height: 10)
            let area = Rect(x: 6, y: 1, width: width, height: height)
            TransportBar(run: run, snapshot: try #require(run.snapshot), now: 0, utcOffset: 0)
                .render(in: &surface, area: area)
            for y in 0..<10 {
                for x in 0..<40 where !area.contains(Point(x: x, y: y)) { #expect(surface[x, y] == .blank) }
            }
        }
    }
}
