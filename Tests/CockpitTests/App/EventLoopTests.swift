import Protocol
import Synchronization
import Testing

@testable import Cockpit
@testable import Store

/// The loop and its threads with a scripted terminal and a made-up world. Nothing waits for time: each step of the
/// script runs once the screen shows what the step before led to.
@Suite @MainActor struct EventLoopTests {
    @Test func `it opens a trial, follows it and detaches without touching a worker`() throws {
        let world = FakeBackend(trials: try StateFixtures.trials(), snapshot: try RunFixtures.snapshot())
        let script = Script([
            .init(seeing: "first", press: [KeyStroke(.enter)]),
            .init(seeing: "actor_gen  │", press: [KeyStroke("q")]),
            .init(seeing: "Trials 4", press: [KeyStroke("q")]),
        ])
        let farewell = try script.run(world, state: AppState(size: StateFixtures.middle))
        #expect(
            farewell == "grpo-arith/first: 3 workers keep running; return with: cockpit attach -e grpo-arith -f first")
        #expect(world.commands == [])
        #expect(script.isDone)
    }

    @Test func `a command goes out only after y and its answer is shown`() throws {
        let world = FakeBackend(trials: try StateFixtures.trials(), snapshot: try RunFixtures.snapshot())
        let script = Script([
            .init(seeing: "running", press: [KeyStroke("s")]),
            .init(seeing: "y Yes", press: [KeyStroke("y")]),
            .init(seeing: "done as asked", press: [KeyStroke("q")]),
        ])
        _ = try script.run(world, state: AppState(size: StateFixtures.middle))
        #expect(world.commands == ["stop grpo-arith/first"])
        #expect(script.isDone)
    }

    @Test func `a trial is launched from the form`() throws {
        let world = FakeBackend(trials: [], snapshot: try RunFixtures.snapshot())
        let script = Script([
            .init(seeing: "No trial yet", press: [KeyStroke("N")]),
            .init(seeing: "ready, ctrl-s", press: [.control("s")]),
            .init(seeing: "actor_gen  │", press: [KeyStroke("q")]),
            .init(seeing: "Trials", press: [KeyStroke("q")]),
        ])
        _ = try script.run(world, state: AppState(size: StateFixtures.middle))
        #expect(world.commands == ["launch grpo-arith/first"])
        #expect(script.isDone)
    }

    @Test func `a run that cannot be read says why`() throws {
        let world = FakeBackend(trials: try StateFixtures.trials(), snapshot: nil)
        let script = Script([
            .init(seeing: "first", press: [KeyStroke(.enter)]),
            .init(seeing: "the run database run.sqlite is damaged", press: [KeyStroke("q"), KeyStroke("q")]),
        ])
        _ = try script.run(world, state: AppState(size: StateFixtures.middle))
        #expect(script.isDone)
    }

    @Test(arguments: ["reader", "commands"])
    func `without one of its threads it does not begin and says so`(missing: String) throws {
        let state = AppState(size: StateFixtures.middle)
        let loop = EventLoop(
            state: state, screen: RecordingScreen(size: state.size), feed: Script([]),
            backend: FakeBackend(trials: [], snapshot: nil), wake: {}, themes: { _ in .defaultDark },
            startThread: { (name, body) throws(TransportError) in
                if name == missing { throw TransportError(.thread, place: name, reason: "no more of them") }
                return try OwnThread(name: name, body)
            })
        let error = #expect(throws: TransportError.self) { try loop.run() }
        #expect(error?.summary == "a thread could not be started (\(missing)): no more of them")
    }

    @Test func `a terminal that goes away ends the loop`() throws {
        let world = FakeBackend(trials: [], snapshot: nil)
        let script = Script([])
        #expect(try script.run(world, state: AppState(size: StateFixtures.middle)) == "")
    }
}

@Suite struct MailboxTests {
    @Test func `a wait ends when another thread changes the content`() throws {
        let box = Mailbox(0)
        let thread = try OwnThread(name: "test") { box.update { $0 = 7 } }
        #expect(box.wait(until: nil) { $0 > 0 ? $0 : nil } == 7)
        thread.join()
    }

    @Test func `a wait ends at its deadline`() {
        let box = Mailbox(0)
        #expect(box.wait(until: LoopClock.now()) { (value: inout Int) -> Int? in value > 0 ? value : nil } == nil)
    }

    @Test func `of snapshots only the newest waits`() throws {
        let wakes = Mutex(0)
        let inbox = Inbox { wakes.withLock { $0 += 1 } }
        let id = try RunFixtures.id("first")
        for step in 1...3 {
            inbox.post(.snapshot(id, RunQuery(), try RunFixtures.snapshot(at: Int64(step * 100))))
            inbox.post(.commandAnswered("\(step)"))
        }
        let times = inbox.drain().compactMap {
            if case .snapshot(_, _, let snapshot) = $0 { snapshot.time } else { nil }
        }
        #expect(times == [300 * RunFixtures.second])
        #expect(inbox.drain().isEmpty)
        #expect(wakes.withLock { $0 } == 6)
    }
}
