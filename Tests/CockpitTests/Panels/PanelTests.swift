import Protocol
import Testing

@testable import Cockpit
@testable import Store

@Suite struct PanelTests {
    private func context(_ change: (inout RunView) -> Void = { _ in }) throws -> PanelContext {
        var run = try #require(try StateFixtures.live().run)
        change(&run)
        return PanelContext(run: run, snapshot: try #require(run.snapshot), utcOffset: 0, glyphs: .unicode)
    }

    private func draw(_ panel: some Panel, _ context: PanelContext, width: Int = 60, height: Int = 8) -> [String] {
        var surface = Surface(width: width, height: height)
        panel.draw(in: &surface, area: surface.bounds, context: context, focus: .unfocused)
        return surface.lines
    }

    @Test func `the list of panels has each pane once`() {
        #expect(Panels.all.map(\.id) == PaneID.allCases)
    }

    @Test(arguments: PaneID.allCases)
    func `each panel has a title and draws in any box`(pane: PaneID) throws {
        let panel = Panels.panel(pane)
        let context = try context()
        #expect(!panel.title(context).isEmpty)
        for width in 0..<40 {
            for height in 0..<8 {
                var surface = Surface(width: 60, height: 12)
                let area = Rect(x: 5, y: 2, width: width, height: height)
                panel.draw(in: &surface, area: area, context: context, focus: .focused)
                #expect(outside(area, of: surface) == 0, "\(pane) at \(width)x\(height)")
            }
        }
    }

    @Test(arguments: Panels.at(.middle).map(\.id))
    func `each panel of the middle says something where they share a line`(pane: PaneID) throws {
        var surface = Surface(width: 120, height: 1)
        let end = Panels.panel(pane).meter(in: &surface, x: 3, y: 0, context: try context())
        #expect(end > 3)
        #expect(surface.lines[0].contains { $0 != " " })
    }

    private func outside(_ area: Rect, of surface: Surface) -> Int {
        var count = 0
        for y in 0..<surface.height {
            for x in 0..<surface.width where !area.contains(Point(x: x, y: y)) && surface[x, y] != .blank { count += 1 }
        }
        return count
    }

    @Test func `workers of a trial that is lost have stopped, and no process of theirs is named`() throws {
        let lines = draw(WorkersPanel(), try context { $0.item?.status = .lost }, width: 120)
        let row = try #require(lines.first { $0.contains("model/0") })
        #expect(row.contains("■ model/0"))
        #expect(row.contains("stopped"))
        #expect(!row.contains("4102"))
        #expect(!lines.joined().contains("running"))
    }

    @Test func `of a trial that has ended no process is named, and the weight version is what was last recorded`()
        throws
    {
        let context = try context { run in
            run.item?.status = .completed
            run.snapshot?.status = .completed
            run.snapshot?.workers[1].weightVersion = 231
            // An evaluation at the end takes longer than the window: no training is in sight.
            run.snapshot?.spans = []
        }
        let row = try #require(draw(WorkersPanel(), context, width: 120).first { $0.contains("model/0") })
        #expect(row.contains(" 231 "))
        #expect(!row.contains("4102"))
    }

    @Test func `devices leave out no worker without saying so`() throws {
        let low = draw(DevicesPanel(), try context(), width: 60, height: 7)
        #expect(low.count { $0.contains("cores") && $0.contains("/") } == 3, "that there is no GPU gives way")
        #expect(!low.joined().contains("no GPU"))
        let lower = draw(DevicesPanel(), try context(), width: 60, height: 6)
        #expect(lower.joined().contains("+ 1 that take less") || lower.joined().contains("+ 2 that take less"))
        #expect(lower.joined().contains("model/0"), "the one that works most")
    }

    @Test func `no GPU is a normal answer`() throws {
        #expect(draw(DevicesPanel(), try context())[1].contains("GPU  no GPU found"))
    }

    @Test func `curves of devices fill the rows that are there`() throws {
        let lines = draw(DevicesPanel(), try context(), width: 120, height: 40)
        let drawn = lines.filter { $0.unicodeScalars.contains { (0x2801...0x28FF).contains($0.value) } }
        #expect(drawn.count >= 25)
    }

    @Test func `a curve of devices says what its top and its foot mean`() throws {
        var large = draw(DevicesPanel(), try context(), width: 120, height: 40).filter { !$0.contains("RAM") }
        let cpu = try #require(large.firstIndex { $0.contains("CPU") })
        large = Array(large.dropFirst(cpu + 1))
        #expect(large[0].hasPrefix("│ 100% "))
        #expect(large.contains { $0.hasPrefix("│   0% ") })
        let worker = try #require(large.firstIndex { $0.contains("model/0") })
        #expect(large[worker].contains(#/298M +1\.[0-9]{2} cores/#))
        #expect(large[worker + 1].contains("cores") == false)
        let flat = try #require(
            draw(DevicesPanel(), try context(), width: 90, height: 8).first { $0.contains("model/0") })
        #expect(flat.contains(#/298M +0–1\.[0-9]{2} cores/#))
        let narrow = try #require(
            draw(DevicesPanel(), try context(), width: 60, height: 8).first { $0.contains("model/0") })
        #expect(!narrow.contains("0–"))
    }

    @Test func `a GPU shows memory, temperature and power`() throws {
        let lines = draw(
            DevicesPanel(), try context { $0.snapshot?.devices.append(RunFixtures.gpu(0, time: 0)) }, width: 70)
        #expect(lines[1].contains("GPU0"))
        #expect(lines[1].contains("86%  62.1G/80.0G  71°C  640W"))
    }

    @Test func `staleness is the age of the oldest sample`() throws {
        #expect(draw(BufferPanel(), try context()).joined().contains("oldest 0"))
        let old = try context { $0.snapshot?.buffer?.staleness = [0, 0, 0, 8] }
        #expect(draw(BufferPanel(), old).joined().contains("oldest 3"))
    }

    @Test func `where there is room every age has a bar, and the curve says over what it is`() throws {
        let old = try context { $0.snapshot?.buffer?.staleness = [40, 0, 24, 0] }
        let lines = draw(BufferPanel(), old, height: 18)
        #expect(lines[2].contains("age 0             40 █"))
        #expect(lines[3].contains("age 1              0"))
        #expect(lines[4].contains("age 2             24 █"))
        #expect(lines[5].contains("ready actor_train 64 █"))
        #expect(lines[9].contains("size over the last 20s"))
        let ancient = try context { $0.snapshot?.buffer?.staleness = Array(repeating: 2, count: 14) }
        #expect(draw(BufferPanel(), ancient, height: 30).contains { $0.contains("age 11+            6 █") })
    }

    @Test func `a buffer that nothing was put into says so`() throws {
        #expect(draw(BufferPanel(), try context { $0.snapshot?.buffer = nil })[1].contains("no sample yet"))
    }

    @Test func `workers that do not fit are counted, problems first`() throws {
        let context = try context { run in
            run.snapshot?.workers[2] = RunFixtures.worker(
                "model_worker/1", .restarting, "", 3, 0, 0, detail: "1/3 in 4s", restarts: 1)
        }
        let lines = draw(WorkersPanel(), context, width: 70, height: 5)
        #expect(lines[1].contains("state"), "the header stays")
        #expect(lines[2].contains("model/1"))
        #expect(lines[2].contains("1/3 in 4s"))
        #expect(lines[3].contains("+ 1 actor_train, 1 waits for model/0: actor_train"))
    }

    @Test func `of many workers those that failed or work keep rows, and what the others do is counted`() throws {
        func crowd(_ run: inout RunView) {
            run.snapshot?.workers = (0..<24).map { index in
                RunFixtures.worker("model_worker/\(index)", index == 21 ? .failed : .running, "", 230, 0, 0)
            }
            let open = run.snapshot?.spans.last { $0.end == nil }
            run.snapshot?.spans = [17, 19, 20].compactMap { index in
                var span = open
                span?.worker = "model_worker/\(index)"
                return span
            }
        }
        let lines = draw(WorkersPanel(), try context(crowd), width: 70, height: 6)
        #expect(lines[2].contains("model/21"))
        #expect(lines[3].contains("model/17"))
        #expect(lines[4].contains("+ 2 actor_train, 20 wait for actor_train"))
        let focused = draw(
            WorkersPanel(),
            try context { run in
                crowd(&run)
                run.focus = .workers
                run.workers.selected = 5
            }, width: 70, height: 6)
        #expect(focused[2].contains("model/21"))
        #expect(focused[3].contains("▸") && focused[3].contains("model/5"))
    }

    @Test func `a log line with escape sequences is shown, not obeyed`() throws {
        let context = try context { run in
            run.snapshot?.logs = [
                LogRow(id: 1, time: 0, worker: "model_worker/0", level: .info, message: "a\u{1B}[2Jb")
            ]
        }
        let text = draw(LogPanel(), context, width: 80).joined()
        #expect(text.contains("a␛[2Jb"))
    }

    @Test func `a long log line is wrapped when asked`() throws {
        let context = try context { run in
            run.logs.wraps = true
            run.snapshot?.logs = [
                LogRow(
                    id: 1, time: 0, worker: "model_worker/0", level: .error,
                    message: String(repeating: "word ", count: 30))
            ]
        }
        let lines = draw(LogPanel(), context, width: 40).filter { $0.contains("word") }
        #expect(lines.count > 3)
    }

    @Test func `a message of several lines has them where there is room`() throws {
        let row = LogRow(id: 1, time: 0, worker: "model_worker/0", level: .error, message: "not finite\nhint: lower it")
        let lines = draw(LogPanel(), try context { $0.snapshot?.logs = [row] }, width: 80)
        #expect(lines.contains { $0.contains("not finite") && !$0.contains("hint") })
        #expect(lines.contains { $0.contains("hint: lower it") && !$0.contains("not finite") })
    }

    @Test func `a log line that is too long takes the rows that no other line has`() throws {
        let long = LogRow(
            id: 1, time: 0, worker: "orchestrator", level: .info,
            message: "begin \(String(repeating: "word ", count: 30))end")
        let alone = draw(LogPanel(), try context { $0.snapshot?.logs = [long] }, width: 80)
        #expect(alone[1].contains("orchestrator INFO  begin"))
        #expect(alone.contains { $0.contains("end") })
        let full = draw(LogPanel(), try context { $0.snapshot?.logs = Array(repeating: long, count: 6) }, width: 80)
        #expect(full.count { $0.contains("begin") } == 4, "only the newest has all of its three rows")
        #expect(full.count { $0.contains("end") } == 1)
        #expect(full[6].contains("end"))
    }

    @Test func `a narrow pane shows the newest line whole, and no word that says nothing`() throws {
        let story = "step 229/460 (grpo): reward 0.713, kl_ref 0.0123, actor_loss -0.0213, 2.6 s"
        let rows = (0..<9).map { LogRow(id: $0, time: 0, worker: "master_worker/0", level: .info, message: story) }
        let lines = draw(LogPanel(), try context { $0.snapshot?.logs = rows }, width: 48, height: 7)
        #expect(lines[3].contains("09:00:00 step 229/460 (grpo): reward 0.713,…"))
        #expect(lines[4].contains("09:00:00 step 229/460 (grpo): reward 0.713,"))
        #expect(lines[5].contains("kl_ref 0.0123, actor_loss -0.0213, 2.6 s"))
    }

    @Test func `what a worker does is told whole below the table where its column has no room`() throws {
        let context = try context { run in
            run.snapshot?.workers[2] = RunFixtures.worker(
                "model_worker/1", .failed, "", 3, 0, 0, detail: "killed by signal 9 for the third time in a minute")
        }
        let lines = draw(WorkersPanel(), context, width: 70, height: 9)
        #expect(lines[4].contains("model/1"))
        #expect(lines[4].contains("…"))
        #expect(lines.contains { $0.contains("model/1  killed by signal 9 for the third time in a minute") })
    }

    @Test func `a worker's newest calls stand below the table where rows are free`() throws {
        let context = try context { $0.workers.selected = 1 }
        let lines = draw(WorkersPanel(), context, width: 80, height: 14)
        #expect(lines[6].contains("master/0  waits for model/0: actor_train"))
        #expect(lines[8].contains("calls of model/0, the newest first"))
        #expect(lines[10].contains("● 09:09:59 actor_train") && lines[10].contains("231"))
        #expect(lines[12].contains("✓ 09:09:58 actor_gen"))
        #expect(lines[12].contains("1.200 s    64  1.54k  1.28k"))
        #expect(!draw(WorkersPanel(), context, width: 80, height: 8).joined().contains("calls of"))
        let wide = draw(WorkersPanel(), context, width: 160, height: 6)
        #expect(wide[3].contains("actor_gen 1.200 s"))
    }

    @Test func `every trial state and every worker state can be told apart without colour`() {
        for glyphs in [Glyphs.unicode, .ascii] {
            #expect(Set(TrialStatus.allCases.map { $0.glyph(in: glyphs) }).count == TrialStatus.allCases.count)
        }
        #expect(Set(WorkerState.allCases.map(\.rawValue)).count == WorkerState.allCases.count)
    }
}
