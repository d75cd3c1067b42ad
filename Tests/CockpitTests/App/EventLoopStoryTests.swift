import Protocol
import Testing

@testable import Cockpit
@testable import Store

/// What the loop does with effects, on a screen that records and in a world that refuses.
@Suite @MainActor struct EventLoopStoryTests {
    private func run(
        _ steps: [Script.Step], size: Size = StateFixtures.middle,
        themes: @escaping (String) throws -> Theme = { _ in .defaultDark }
    ) throws -> (world: FakeBackend, screen: RecordingScreen) {
        let world = FakeBackend(trials: try StateFixtures.trials(), snapshot: try RunFixtures.snapshot())
        let script = Script(steps)
        _ = try script.run(world, state: AppState(size: size, themes: StateFixtures.themes), themes: themes)
        #expect(script.isDone)
        return (world, try #require(script.screen))
    }

    @Test func `a picture of the screen as it is goes to the world, and its path back to the screen`() throws {
        let (world, screen) = try run([
            .init(seeing: "first", press: [KeyStroke("e")]), .init(seeing: "wrote trials.svg", press: [KeyStroke("q")]),
        ])
        #expect(world.pictures.map(\.name) == ["trials"])
        #expect(world.pictures.first?.surface.text.contains("grpo-arith") == true)
        #expect(world.pictures.first?.surface.size == screen.size)
    }

    @Test func `y copies through the terminal and says how much`() throws {
        let (_, screen) = try run([
            .init(seeing: "first", press: [KeyStroke("y")]), .init(seeing: "copied 16 bytes", press: [KeyStroke("q")]),
        ])
        #expect(screen.copies == ["grpo-arith/first"])
    }

    @Test func `goto a step beyond the last goes to the last and says so`() throws {
        _ = try run([
            .init(seeing: "first", press: [KeyStroke(.enter)]),
            .init(
                seeing: "actor_gen  │", press: ":goto 300".map { KeyStroke($0) } + [KeyStroke(.enter)]),
            .init(seeing: "step 300 is not recorded; the nearest is step 230", events: [.terminate]),
        ])
    }

    @Test func `mouse, repaint and suspension reach the terminal`() throws {
        let (_, screen) = try run([
            .init(seeing: "first", press: [KeyStroke("m")]),
            .init(seeing: "mouse off", press: [.control("l"), .control("z"), KeyStroke("q")]),
        ])
        #expect(screen.mouse == .off)
        #expect(screen.suspensions == 1)
        #expect(screen.invalidations == 2, "after ctrl-l, and after another program had the terminal")
    }

    @Test func `the program that runs again and a new size draw the whole screen`() throws {
        let (_, screen) = try run([
            .init(seeing: "first", events: [.resume]),
            .init(
                seeing: "first",
                events: [.paste("ignored"), .mouse(MouseEvent(kind: .wheelDown, position: Point(x: 1, y: 5)))]),
            .init(seeing: "first", events: [.resize(Size(width: 40, height: 10))]),
            .init(seeing: "40x10", events: [.terminate]),
        ])
        #expect(screen.invalidations > 0)
        #expect(screen.frames.last?.size == Size(width: 40, height: 10))
    }

    @Test func `a theme that does not load leaves the old one and says why`() throws {
        let (_, screen) = try run(
            [
                .init(seeing: "first", press: [KeyStroke("t")]),
                .init(seeing: "default-light is broken", press: [KeyStroke("T"), KeyStroke(.enter), KeyStroke("q")]),
            ],
            themes: { name in
                guard name == "default-light" else { return .defaultDark }
                throw Refusal(summary: "default-light is broken")
            })
        #expect(!screen.frames.isEmpty)
    }

    @Test func `a frame is drawn only when something changed`() throws {
        let (_, screen) = try run([
            .init(seeing: "first", press: [KeyStroke("x")]), .init(seeing: "first", press: [KeyStroke("x")]),
            .init(seeing: "first", press: [KeyStroke("x")]), .init(seeing: "first", press: [KeyStroke("q")]),
        ])
        let same = zip(screen.frames, screen.frames.dropFirst()).count { $0 == $1 }
        #expect(same == 0)
    }
}

/// The thread that launches and commands.
@Suite struct CommandRunnerTests {
    /// Runs jobs on a thread of their own until as many answers came.
    private func answers(
        to jobs: [CommandRunner.Job], from backend: any Backend, count: Int
    ) throws -> [AppEvent] {
        let posted = Mailbox(0)
        let inbox = Inbox { posted.update { $0 += 1 } }
        let runner = CommandRunner(backend: backend, inbox: inbox)
        for job in jobs { runner.submit(job) }
        let thread = try OwnThread(name: "commands") { runner.run() }
        let came = posted.wait(until: LoopClock.now() + 20_000_000_000) { $0 >= count ? true : nil }
        #expect(came == true)
        runner.stop()
        thread.join()
        return inbox.drain()
    }

    private func world() throws -> FakeBackend { FakeBackend(trials: [], snapshot: nil) }

    private func draft(_ trial: String) -> LaunchDraft { LaunchDraft(experiment: "sft", trial: trial) }

    @Test func `jobs are done in the order they came`() throws {
        let id = try RunFixtures.id("first")
        let world = try world()
        let events = try answers(
            to: [.command(.pause, nil, id), .launch(draft("a")), .command(.stop, nil, id)], from: world, count: 3)
        #expect(world.commands == ["pause grpo-arith/first", "launch sft/a", "stop grpo-arith/first"])
        #expect(events.count == 3)
    }

    @Test func `of checks that wait only the newest is made`() throws {
        let events = try answers(
            to: [.check(draft("a")), .launch(draft("x")), .check(draft("ab")), .check(draft("abc"))], from: world(),
            count: 2)
        let checked = events.compactMap {
            if case .launchChecked(let draft, .success) = $0 { draft.trial } else { nil }
        }
        #expect(checked == ["abc"])
        #expect(events.count == 2)
    }

    @Test func `more than thirty-two jobs are refused, not kept without end`() throws {
        let id = try RunFixtures.id("first")
        let world = try world()
        let jobs = Array(repeating: CommandRunner.Job.command(.status, nil, id), count: 35)
        let events = try answers(to: jobs, from: world, count: 35)
        let refusals = events.compactMap { if case .commandFailed(let refusal) = $0 { refusal.summary } else { nil } }
        #expect(refusals == Array(repeating: "too many commands wait; try again in a moment", count: 3))
        #expect(world.commands.count == 32)
    }

    @Test func `every refusal comes back in its own words`() throws {
        let id = try RunFixtures.id("first")
        let picture = ExportedPicture(name: "a", surface: Surface(width: 1, height: 1), theme: .defaultDark)
        let events = try answers(
            to: [
                .loadExperiments, .check(draft("a")), .launch(draft("b")), .command(.stop, nil, id), .export(picture),
            ],
            from: RefusingBackend(), count: 5)
        let words = events.map { event -> String in
            switch event {
            case .experimentsFailed(let text): "experiments: \(text)"
            case .launchChecked(let draft, .failure(let refusal)):
                "check \(draft.trial): \(refusal.summary)|\(refusal.hint ?? "")"
            case .launchFailed(let refusal): "launch: \(refusal.summary)|\(refusal.hint ?? "")"
            case .commandFailed(let refusal): "command: \(refusal.summary)|\(refusal.hint ?? "")"
            case .exportFailed(let refusal): "export: \(refusal.summary)|\(refusal.hint ?? "")"
            default: "\(event)"
            }
        }
        #expect(
            words == [
                "experiments: no\nhint: ask again", "check a: no|ask again", "launch: no|ask again",
                "command: no|ask again",
                "export: no|ask again",
            ])
    }

    @Test func `an error that was not written for a person is told all the same`() {
        struct Plain: Error {}
        #expect(Refusal(Plain()) == Refusal(summary: "Plain()"))
        let known = CommandError("a", detail: "b", hint: "c")
        #expect(Refusal(known) == Refusal(summary: "a", detail: "b", hint: "c"))
    }

    /// A world that says no to everything.
    private struct RefusingBackend: Backend {
        private let no = CommandError("no", hint: "ask again")

        func trials() throws -> [TrialItem] { throw no }
        func open(_ trial: TrialID) throws -> any RunSource { throw no }
        func experiments() throws -> [ExperimentItem] { throw no }
        func check(_ draft: LaunchDraft) throws -> TrialPlan { throw no }
        func launch(_ draft: LaunchDraft) throws -> TrialID { throw no }
        func send(_ command: TrialCommandKind, worker: WorkerID?, to trial: TrialID) throws -> String { throw no }
        func export(_ picture: ExportedPicture) throws -> String { throw no }
        func names(inFolderOf path: String) throws -> [String] { throw no }
    }
}
