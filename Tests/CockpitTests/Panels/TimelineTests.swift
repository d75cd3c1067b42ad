import Testing

@testable import Cockpit
@testable import Store

@Suite struct TimelineTests {
    private func span(
        _ start: Int64, _ end: Int64?, mfc: String = "actor_gen", worker: String = "model_worker/0", id: Int64 = 0
    ) -> SpanRow {
        SpanRow(
            id: id, attempt: 1, worker: worker, mfc: mfc, phase: "main", interfaceType: "generate", role: "actor",
            step: 1,
            start: start, end: end, sequences: 1, tokens: 1, weightVersion: 1)
    }

    @Test func `busy is the union of the spans, so overlap counts once`() {
        let spans = [span(0, 40), span(20, 60), span(80, 90)]
        #expect(TimelineLanes.busy(spans, window: 0...100, now: 100) == 0.7)
    }

    @Test func `what lies outside of the window does not count`() {
        #expect(TimelineLanes.busy([span(-50, 10), span(95, 200)], window: 0...100, now: 300) == 0.15)
    }

    @Test func `an open span is busy up to now`() {
        #expect(TimelineLanes.busy([span(50, nil)], window: 0...100, now: 75) == 0.25)
        #expect(TimelineLanes.busy([], window: 5...5, now: 5) == 0)
    }

    @Test func `lanes are the MFCs in dataflow order, then what workers did besides`() throws {
        var snapshot = try RunFixtures.snapshot()
        snapshot.spans.append(span(1, 2, mfc: "", worker: "model_worker/1", id: 9_999))
        let lanes = TimelineLanes.lanes(of: snapshot)
        #expect(lanes.map(\.label) == ["actor_gen", "rew_inf", "ref_inf", "actor_train", "model/1"])
        #expect(lanes.last?.spans.map(\.id) == [9_999])
    }

    @Test func `the lanes of one worker stand together on the full screen`() throws {
        let lanes = TimelineLanes.lanes(of: try RunFixtures.snapshot())
        #expect(TimelineLanes.byWorker(lanes) == [0, 3, 1, 2])
    }

    @Test(arguments: [
        ("main", "generate", SpanKind.generate), ("main", "train_step", .train), ("main", "inference", .inference),
        ("pre-data_transfer", "train_step", .sync), ("post-save", "train_step", .save),
        ("post-evaluate", "train_step", .evaluate),
        ("main", "something-new", .sync),
    ])
    func `a span shows as what it does`(phase: String, type: String, kind: SpanKind) {
        var row = span(0, 1)
        row.phase = phase
        row.interfaceType = type
        #expect(TimelineLanes.kind(of: row) == kind)
    }

    @Test func `the window shows about seven steps until a person zooms`() throws {
        var state = try StateFixtures.live()
        #expect(state.run?.timeline.window(at: 0) == 20_000_000_000)
        ScreenPicture.press("-", on: &state)
        #expect(state.run?.timeline.window(at: 0) == 40_000_000_000)
        _ = Reducer.reduce(
            &state, .snapshot(try RunFixtures.id("first"), RunQuery(), try RunFixtures.snapshot()), now: 0)
        #expect(state.run?.timeline.window(at: 0) == 40_000_000_000)
    }

    @Test func `what is drawn is said, and is never longer than the run`() throws {
        var state = try StateFixtures.live()
        state.run?.snapshot = try RunFixtures.snapshot(at: 199, end: 199)
        for _ in 0..<10 { ScreenPicture.press("-", on: &state) }
        #expect(state.run?.timeline.window(at: 0) == 300_000_000_000)
        let run = try #require(state.run)
        let context = PanelContext(run: run, snapshot: try #require(run.snapshot), utcOffset: 0, glyphs: .unicode)
        #expect(TimelinePanel().trailing(context) == "3m")
        #expect(TimelineLanes.extent(TimelineView(), time: 5_000_000_000) == "5.0s")
        ScreenPicture.press("+", on: &state)
        #expect(state.run?.timeline.window(at: 0) == 120_000_000_000)
    }

    @Test func `panning asks for more of the past and never leaves the run`() throws {
        var state = try StateFixtures.live()
        ScreenPicture.press("H", on: &state)
        #expect(state.run?.timeline.offset == 5_000_000_000)
        #expect(state.watched?.query.timelineWindow == 25_000_000_000)
        ScreenPicture.press("LLL", on: &state)
        #expect(state.run?.timeline.offset == 0)
    }

    @Test func `h and l walk through the spans of the lane and the window follows`() throws {
        var state = try StateFixtures.live()
        ScreenPicture.press("h", on: &state)
        let last = state.run?.timeline.span
        for _ in 0..<12 { ScreenPicture.press("h", on: &state) }
        #expect(state.run?.timeline.span != last)
        #expect(try #require(state.run?.timeline.offset) > 0)
        ScreenPicture.press("j", on: &state)
        #expect(state.run?.timeline.span == nil)
        #expect(state.run?.timeline.lane == 1)
    }

    @Test func `a restart is marked in a lane of its own`() throws {
        var state = try StateFixtures.live()
        state.run?.snapshot?.events.append(
            LifecycleRow(time: 595 * RunFixtures.second, kind: "restarting", worker: "model_worker/1", detail: ""))
        let lines = ScreenPicture.surface(state).lines
        let events = try #require(lines.first { $0.contains("│events") })
        #expect(events.contains("✗"))
    }

    @Test func `a lane that comes into the window moves no pane`() throws {
        var state = try StateFixtures.live()
        let before = DashboardLayout(state: state)
        let second = RunFixtures.second
        state.run?.snapshot?.spans.append(
            span(598 * second, 599 * second, mfc: "", worker: "model_worker/1", id: 9_999))
        state.run?.snapshot?.events.append(
            LifecycleRow(time: 595 * second, kind: "saved", worker: "model_worker/0", detail: ""))
        #expect(DashboardLayout(state: state) == before)
        let lines = ScreenPicture.surface(state).lines
        let events = try #require(lines.firstIndex { $0.contains("│events") })
        #expect(lines[events + 1].contains("│model/1"), "in place of the legend, below what is always there")
    }

    @Test func `on a large screen lanes are taller, and the steps below stay when another one comes`() throws {
        var state = try StateFixtures.live(StateFixtures.large)
        state.screens.append(.timeline)
        func row(_ text: String) throws -> Int {
            try #require(ScreenPicture.surface(state).lines.firstIndex { $0.contains(text) })
        }
        #expect(try row("actor_train") == row("actor_gen") + 3)
        let steps = try row("step        took")
        let second = RunFixtures.second
        state.run?.snapshot?.spans.append(span(598 * second, 599 * second, mfc: "", worker: "extra", id: 9_999))
        #expect(try row("│  extra") < steps)
        #expect(try row("step        took") == steps)
    }

    @Test func `on a small screen the selected call and its step are told whole`() throws {
        var state = try StateFixtures.live(StateFixtures.small)
        ScreenPicture.press("3ll", on: &state)
        let lines = ScreenPicture.surface(state).lines
        let top = try #require(lines.firstIndex { $0.contains("span actor_gen  1.200 s") })
        let details = lines[top...].joined(separator: "\n")
        for fact in [
            "model_worker/0   generate", "role actor   phase main", "in 64 seqs", "1.28k tok/s", "attempt 1", "sync 4%",
            "bubble  model/0 19%   model/1 77%",
        ] { #expect(details.contains(fact), "\(fact)") }
        #expect(!details.contains("…"))
    }

    @Test func `while no call is selected the longest of the window are named`() throws {
        var state = try StateFixtures.live(StateFixtures.small)
        ScreenPicture.press("3", on: &state)
        #expect(ScreenPicture.text(state).contains("longest  1.200 s  actor_gen step 224"))
    }

    @Test func `rows that no lane needs are given to steps or to the lanes`() throws {
        var state = try StateFixtures.live(StateFixtures.small)
        func rows(from first: String, to second: String) throws -> Int {
            let lines = ScreenPicture.surface(state).lines
            let start = try #require(lines.firstIndex { $0.contains(first) })
            return try #require(lines.firstIndex { $0.contains(second) }) - start
        }
        ScreenPicture.press("z", on: &state)
        #expect(try rows(from: "│actor_gen", to: "│rew_inf") == 3)
        ScreenPicture.press("z3ll", on: &state)
        #expect(ScreenPicture.text(state).contains("step        took"))
        state.size = StateFixtures.middle
        #expect(try rows(from: "│  actor_gen", to: "│  actor_train") == 2)
        ScreenPicture.press("++++", on: &state)
        #expect(try rows(from: "│  actor_gen", to: "│  actor_train") == 3)
    }

    @Test(arguments: [(120, "window 20s  1 col = 212.8 ms"), (80, "window 20s  1 col = 344.8 ms"), (60, "window 20s ")])
    func `the border says how long a column is, or only the window`(width: Int, text: String) throws {
        var state = try StateFixtures.live(Size(width: width, height: 36))
        ScreenPicture.press("3", on: &state)
        #expect(ScreenPicture.surface(state).lines[1].contains(text))
    }

    @Test func `what is not known of the past is neither busy nor idle`() throws {
        var state = try StateFixtures.live()
        let second = RunFixtures.second
        // Of the window of 20 s the calls of the last 10 s are there, and half of that time is one.
        state.run?.snapshot?.cuts.spansBefore = 590 * second
        state.run?.snapshot?.spans = [span(590 * second, 595 * second)]
        let lines = ScreenPicture.surface(state).lines
        let row = try #require(lines.first { $0.contains("│actor_gen") })
        #expect(row.contains("│ 50%  50% │"), "\(row)")
        #expect(lines.contains { $0.contains("20s  calls since 09:09:50 only") })
        #expect(row.contains("│calls since 09:09:50 only "), "where the lane is blank")
        state.run?.timeline.offset = 15 * second
        let past = ScreenPicture.surface(state).lines
        let unknown = try #require(past.first { $0.contains("│actor_gen") })
        #expect(unknown.contains("│   -   - │"), "\(unknown)")
    }

    @Test func `a buffer with too many changes says since when it is drawn`() throws {
        let values = [Double](repeating: .nan, count: 40) + [Double](repeating: 1, count: 40)
        let lane = Gantt.Lane(
            label: TextLine("buffer 2"), content: .samples(values, maximum: 2), unknown: "since 09:09:50 only")
        let gantt = Gantt(lanes: [lane], window: 0...100, now: 100)
        #expect(drawn(60, 2) { gantt.render(in: &$0, area: $1) }[1].contains("│since 09:09:50 only"))
        #expect(!drawn(30, 2) { gantt.render(in: &$0, area: $1) }[1].contains("since"))
    }

    @Test func `a span that its worker's death left open is drawn to the playhead`() throws {
        var state = try StateFixtures.live()
        state.run?.snapshot?.spans = [span(590 * RunFixtures.second, nil)]
        let lane = try #require(ScreenPicture.surface(state).lines.first { $0.contains("actor_gen") })
        #expect(lane.contains("▓│"))
    }
}
