import Protocol
import Testing

@testable import Cockpit
@testable import Store

@Suite struct ReducerTests {
    // MARK: Safety

    @Test func `s then enter does nothing`() throws {
        var state = try StateFixtures.live()
        let asked = ScreenPicture.press("s", on: &state)
        let answered = ScreenPicture.press(KeyStroke(.enter), on: &state)
        #expect(asked == [])
        #expect(answered == [])
        #expect(state.overlay == nil)
        #expect(state.toasts.map(\.text) == ["nothing was done"])
    }

    @Test(arguments: [KeyStroke(.escape), KeyStroke("n"), KeyStroke("s"), KeyStroke("q"), KeyStroke(" ")])
    func `only y says yes`(key: KeyStroke) throws {
        var state = try StateFixtures.live()
        ScreenPicture.press("s", on: &state)
        #expect(ScreenPicture.press(key, on: &state) == [])
        #expect(state.screen == .dashboard)
    }

    @Test func `s then y stops the trial`() throws {
        var state = try StateFixtures.live()
        let effects = ScreenPicture.press("sy", on: &state)
        #expect(effects == [.command(.stop, nil, try RunFixtures.id("first"))])
    }

    @Test func `K kills the selected worker after a question`() throws {
        var state = try StateFixtures.live()
        state.run?.focus = .workers
        let effects = ScreenPicture.press("jKy", on: &state)
        #expect(effects == [.command(.killWorker, WorkerID(.model, 0), try RunFixtures.id("first"))])
    }

    @Test func `a trial that ended cannot be stopped and says so`() throws {
        var state = try StateFixtures.live()
        state.run?.item?.status = .completed
        #expect(ScreenPicture.press("s", on: &state) == [])
        #expect(state.overlay == nil)
        #expect(state.toasts.last?.text == "nothing to stop: the trial is completed")
    }

    @Test func `R resumes a lost trial after a question`() throws {
        var state = try StateFixtures.home()
        state.trials.selected = try RunFixtures.id("night")
        ScreenPicture.press("R", on: &state)
        let effects = ScreenPicture.press("y", on: &state)
        #expect(effects.contains(.launch(LaunchDraft(experiment: "grpo-arith", trial: "night", mode: .resume))))
    }

    @Test func `R on a running trial is refused with the reason`() throws {
        var state = try StateFixtures.live()
        ScreenPicture.press("R", on: &state)
        #expect(state.toasts.last?.text == "it is running; stop it first")
    }

    // MARK: Leaving

    @Test func `q on the top screen detaches and says what keeps running`() throws {
        var state = AppState.opened(on: try #require(try StateFixtures.live().run), size: StateFixtures.middle)
        let effects = ScreenPicture.press("q", on: &state)
        #expect(
            effects.contains(
                .quit(farewell: "3 workers keep running; return with: cockpit attach -e grpo-arith -f first")))
    }

    @Test func `q goes back one screen at a time`() throws {
        var state = try StateFixtures.live()
        ScreenPicture.press("3", on: &state)
        #expect(state.screen == .timeline)
        ScreenPicture.press("q", on: &state)
        #expect(state.screen == .dashboard)
        ScreenPicture.press("q", on: &state)
        #expect(state.screen == .trials)
        #expect(state.run == nil)
    }

    @Test func `q leaves a finished trial without a word`() throws {
        var state = AppState.opened(on: try #require(try StateFixtures.live().run), size: StateFixtures.middle)
        state.run?.item?.status = .completed
        #expect(ScreenPicture.press("q", on: &state).contains(.quit(farewell: "")))
    }

    @Test func `ctrl-c goes back and a second one within a second leaves`() throws {
        var state = try StateFixtures.live()
        #expect(!quits(ScreenPicture.press(.control("c"), on: &state, now: 5_000_000_000)))
        #expect(state.screen == .trials)
        var patient = try StateFixtures.live()
        ScreenPicture.press("3", on: &patient)
        #expect(!quits(ScreenPicture.press(.control("c"), on: &patient, now: 5_000_000_000)))
        #expect(!quits(ScreenPicture.press(.control("c"), on: &patient, now: 6_500_000_000)))
        #expect(quits(ScreenPicture.press(.control("c"), on: &patient, now: 6_900_000_000)))
    }

    @Test func `ctrl-c never sends a command to a trial`() throws {
        var state = try StateFixtures.live()
        let effects = (0..<4).flatMap { ScreenPicture.press(.control("c"), on: &state, now: Int64($0) * 100_000_000) }
        #expect(!effects.contains { if case .command = $0 { true } else { false } })
    }

    private func quits(_ effects: [Effect]) -> Bool {
        effects.contains { if case .quit = $0 { true } else { false } }
    }

    // MARK: Moving about

    @Test func `enter opens the selected trial and shows its preview at once`() throws {
        var state = try StateFixtures.home()
        let effects = ScreenPicture.press(KeyStroke(.enter), on: &state)
        #expect(state.screen == .dashboard)
        #expect(state.run?.snapshot != nil)
        #expect(
            effects.contains {
                if case .watch(let wanted) = $0 { wanted?.trial.description == "grpo-arith/first" } else { false }
            })
    }

    @Test func `tab walks through all panes and back`() throws {
        var state = try StateFixtures.live()
        var seen: [PaneID] = []
        for _ in PaneID.allCases {
            seen.append(try #require(state.run?.focus))
            ScreenPicture.press(KeyStroke(.tab), on: &state)
        }
        #expect(seen == [.timeline, .buffer, .devices, .charts, .workers, .logs])
        #expect(state.run?.focus == .timeline)
        ScreenPicture.press(KeyStroke(.tab, .shift), on: &state)
        #expect(state.run?.focus == .logs)
    }

    @Test func `a digit shows a pane in full and again brings the dashboard back`() throws {
        var state = try StateFixtures.live()
        ScreenPicture.press("7", on: &state)
        #expect(state.run?.focus == .workers)
        #expect(state.run?.isZoomed == true)
        ScreenPicture.press("7", on: &state)
        #expect(state.run?.isZoomed == false)
    }

    @Test func `enter on a worker shows its log alone`() throws {
        var state = try StateFixtures.live()
        state.run?.focus = .workers
        ScreenPicture.press("j", on: &state)
        let effects = ScreenPicture.press(KeyStroke(.enter), on: &state)
        #expect(state.run?.focus == .logs)
        #expect(
            effects.contains {
                if case .watch(let wanted) = $0 { wanted?.query.logWorker == "model_worker/0" } else { false }
            })
    }

    @Test func `W walks through the workers and back to all`() throws {
        var state = try StateFixtures.live()
        state.run?.focus = .logs
        var shown: [String?] = []
        for _ in 0..<4 {
            ScreenPicture.press("W", on: &state)
            shown.append(state.run?.logs.worker)
        }
        #expect(shown == ["master_worker/0", "model_worker/0", "model_worker/1", nil])
    }

    @Test func `a filter narrows while it is typed and esc clears it`() throws {
        var state = try StateFixtures.home()
        ScreenPicture.press("/exp:sft", on: &state)
        #expect(state.trials.visible.map(\.id.description) == ["sft/mine"])
        ScreenPicture.press(KeyStroke(.enter), on: &state)
        #expect(state.trials.filter == "exp:sft")
        ScreenPicture.press(KeyStroke(.escape), on: &state)
        #expect(state.trials.visible.count == 4)
    }

    @Test func `f and scrolling move the log, which stays in place as lines arrive`() throws {
        var state = try StateFixtures.live()
        state.run?.focus = .logs
        ScreenPicture.press("kkk", on: &state)
        #expect(state.run?.logs.scroll == 3)
        var next = try RunFixtures.snapshot()
        next.logs.append(LogRow(id: 99, time: 0, worker: "master_worker/0", level: .info, message: "new"))
        _ = Reducer.reduce(&state, .snapshot(try RunFixtures.id("first"), RunQuery(), next), now: 0)
        #expect(state.run?.logs.scroll == 4)
        ScreenPicture.press("f", on: &state)
        #expect(state.run?.logs.scroll == 0)
    }

    @Test func `frozen means that nothing on the screen changes, and thawed that it is read anew`() throws {
        var state = try StateFixtures.live()
        ScreenPicture.press("p", on: &state)
        let before = state.run?.snapshot
        _ = Reducer.reduce(
            &state, .snapshot(try RunFixtures.id("first"), RunQuery(), try RunFixtures.snapshot(at: 300)), now: 0)
        #expect(state.run?.snapshot == before)
        let effects = ScreenPicture.press("p", on: &state)
        #expect(effects.contains { if case .watch = $0 { true } else { false } })
    }

    @Test func `themes change at once and esc takes the preview back`() throws {
        var state = try StateFixtures.live()
        ScreenPicture.press("t", on: &state)
        #expect(state.theme == "default-light")
        ScreenPicture.press("Tj", on: &state)
        #expect(state.theme == "mono")
        ScreenPicture.press(KeyStroke(.escape), on: &state)
        #expect(state.theme == "default-light")
    }

    @Test func `y copies what is under the cursor`() throws {
        var state = try StateFixtures.live()
        state.run?.focus = .charts
        #expect(ScreenPicture.press("y", on: &state) == [.copy("grpo_actor/reward 0.713 (step 230)")])
        state.run?.focus = .workers
        #expect(ScreenPicture.press("y", on: &state) == [.copy("master_worker/0 pid 4101 running ")])
    }

    @Test func `a toast goes away by itself`() throws {
        var state = try StateFixtures.live()
        Reducer.toast(&state, "hello", now: 0)
        #expect(state.nextDeadline(now: 0) == 3_000_000_000)
        _ = Reducer.reduce(&state, .tick, now: 3_000_000_000)
        #expect(state.toasts == [])
        // What is left is to look whether the run goes on recording.
        #expect(state.nextDeadline(now: 3_000_000_000) == 5_000_000_000)
    }

    @Test func `a run that goes on and records nothing is said to, its heartbeats grow old and its clock goes on`()
        throws
    {
        var state = try StateFixtures.live()
        let second = RunFixtures.second
        _ = Reducer.reduce(&state, .tick, now: 4 * second)
        #expect(state.run.map(Alerts.of) == [])
        _ = Reducer.reduce(&state, .tick, now: 13 * second + 1)
        let text = ScreenPicture.text(state)
        #expect(text.contains("nothing was recorded for 13 s: the orchestrator hangs or cannot write"))
        #expect(text.contains("09:10:13"))
        #expect(state.nextDeadline(now: 13 * second + 1) == 14 * second)
        _ = Reducer.reduce(
            &state, .snapshot(try RunFixtures.id("first"), RunQuery(), try RunFixtures.snapshot()), now: 0)
        #expect(state.run?.silence == 13 * second, "the same record again is no news")
        let news = try RunFixtures.snapshot(at: 613, end: 613)
        _ = Reducer.reduce(&state, .snapshot(try RunFixtures.id("first"), RunQuery(), news), now: 14 * second)
        #expect(state.run.map(Alerts.of) == [])
    }

    @Test func `a run that has ended is not expected to record anything`() throws {
        var state = try StateFixtures.live()
        state.run?.item?.status = .completed
        _ = Reducer.reduce(&state, .tick, now: 60 * RunFixtures.second)
        #expect(state.run?.silence == 0)
        #expect(state.nextDeadline(now: 60 * RunFixtures.second) == nil)
    }
}
