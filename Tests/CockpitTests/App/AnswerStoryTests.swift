import Protocol
import Testing

@testable import Cockpit
@testable import Store

/// What comes back from the threads, in whatever order.
@Suite struct AnswerStoryTests {
    private let second = RunFixtures.second

    private func snapshots(for trial: String, _ state: inout AppState, at seconds: Int64) throws {
        _ = Reducer.reduce(
            &state, .snapshot(try RunFixtures.id(trial), RunQuery(), try RunFixtures.snapshot(at: seconds)), now: 0)
    }

    @Test func `a view of another trial than the one shown is dropped`() throws {
        var state = try StateFixtures.live()
        try snapshots(for: "night", &state, at: 100)
        #expect(state.run?.snapshot?.time == 600 * second)
        var home = try StateFixtures.home()
        home.trials.preview = nil
        try snapshots(for: "night", &home, at: 100)
        #expect(home.trials.preview == nil)
        try snapshots(for: "first", &home, at: 100)
        #expect(home.trials.preview?.time == 100 * second)
    }

    @Test func `a run that cannot be read says so until it can`() throws {
        var state = try StateFixtures.live()
        _ = Look.press("] ]", on: &state)
        _ = Reducer.reduce(&state, .runFailed(try RunFixtures.id("night"), "not mine"), now: 0)
        #expect(state.run?.failure == nil)
        _ = Reducer.reduce(&state, .runFailed(try RunFixtures.id("first"), "damaged"), now: 0)
        #expect(state.run?.failure == "damaged")
        #expect(state.run?.moves == [], "nobody will answer them")
        try snapshots(for: "first", &state, at: 500)
        #expect(state.run?.failure == nil)
    }

    @Test func `steps asked for faster than they are answered are taken one after another`() throws {
        var state = try StateFixtures.replay()
        let id = try RunFixtures.id("first")
        #expect(Look.press("] ] .", on: &state) == ["seek step forward from 400s"])
        #expect(
            Look.of(Reducer.reduce(&state, .soughtTime(id, 403 * second), now: 0)) == ["seek step forward from 403s"])
        #expect(
            Look.of(Reducer.reduce(&state, .soughtTime(id, 406 * second), now: 0)) == ["seek event forward from 406s"])
        #expect(Look.of(Reducer.reduce(&state, .soughtTime(id, 407 * second), now: 0)) == [])
        #expect(state.run?.transport.mode == .paused(at: 407 * second))
        #expect(state.run?.moves == [])
    }

    @Test func `a key that is held down keeps sixteen moves and no more`() throws {
        var state = try StateFixtures.replay()
        for _ in 0..<100 { _ = Look.press("]", on: &state) }
        #expect(state.run?.moves.count == 16)
        _ = Reducer.reduce(&state, .soughtTime(try RunFixtures.id("first"), nil), now: 0)
        #expect(state.run?.moves == [])
        #expect(Look.press("[", on: &state) == ["seek step backward from 400s"])
    }

    @Test func `an answer for a run that was left does nothing`() throws {
        var state = try StateFixtures.live()
        _ = Look.press("[ q", on: &state)
        #expect(Reducer.reduce(&state, .soughtTime(try RunFixtures.id("first"), 1), now: 0) == [])
        #expect(Look.of(state) == "trials")
    }

    @Test func `leaving the newest record by a step says how to come back`() throws {
        var state = try StateFixtures.live()
        _ = Look.press("[", on: &state)
        _ = Reducer.reduce(&state, .soughtTime(try RunFixtures.id("first"), 590 * second), now: 0)
        #expect(Look.of(state) == "trials>dashboard timeline at 590s \"replay: E returns to the newest record\"")
    }

    @Test func `the list may shrink under the cursor`() throws {
        var state = try StateFixtures.home()
        _ = Look.press("G", on: &state)
        #expect(state.trials.selectedItem?.id.description == "grpo-arith/lr-high")
        _ = Reducer.reduce(&state, .trialsListed(Array(try StateFixtures.trials().prefix(1))), now: 0)
        #expect(state.trials.selectedItem?.id.description == "grpo-arith/first")
        _ = Reducer.reduce(&state, .trialsListed([]), now: 0)
        #expect(state.trials.selectedItem == nil)
        #expect(Look.press("enter", on: &state) == [])
    }

    @Test func `a list that cannot be read keeps the last one and says why until it can`() throws {
        var state = try StateFixtures.home()
        _ = Reducer.reduce(&state, .trialsFailed("permission denied"), now: 0)
        #expect(state.trials.failure == "permission denied")
        #expect(state.trials.items?.count == 4)
        _ = Reducer.reduce(&state, .trialsListed([]), now: 0)
        #expect(state.trials.failure == nil)
    }

    @Test func `a trial whose processes went is lost at the head, and what it was in a replay`() throws {
        var state = try StateFixtures.live()
        var items = try StateFixtures.trials()
        items[0].status = .lost
        _ = Reducer.reduce(&state, .trialsListed(items), now: 0)
        #expect(state.run?.status == .lost)
        #expect(state.run?.isAlive == false)
        _ = Look.press("r", on: &state)
        #expect(state.run?.status == .running)
    }

    @Test(
        arguments: [
            (.commandAnswered("stopping"), "stopping"),
            (.commandFailed(Refusal(summary: "gone", hint: "look")), "gone — look"),
            (.commandFailed(Refusal(summary: "gone")), "gone"), (.exported("a.svg"), "wrote a.svg"),
            (.exportFailed(Refusal(summary: "full", hint: "free some")), "full — free some"),
            (.experimentsFailed("none"), "none"), (.copied(.copied(bytes: 5)), "copied 5 bytes"),
            (.copied(.tooLong(bytes: 90, limit: 74)), "90 bytes are too many for the terminal's clipboard (74)"),
            (.launchFailed(Refusal(summary: "taken")), "taken"),
        ] as [(AppEvent, String)])
    func `what was asked is answered by a message`(event: AppEvent, text: String) throws {
        var state = try StateFixtures.live()
        #expect(Look.of(Reducer.reduce(&state, event, now: 0)) == [])
        #expect(state.toasts.map(\.text) == [text])
    }

    @Test func `a trial that is resumed from its own screen is followed again there`() throws {
        var state = try StateFixtures.replay()
        state.run?.item?.status = .stopped
        #expect(Look.press("R y", on: &state) == ["launch grpo-arith -f first --recover-mode resume"])
        let effects = Reducer.reduce(&state, .launched(try RunFixtures.id("first")), now: 0)
        #expect(Look.of(state) == "trials>dashboard timeline \"grpo-arith/first runs\"")
        #expect(effects.contains { if case .watch(let wanted) = $0 { wanted?.query.playhead == .head } else { false } })
    }

    @Test(
        arguments: [
            (0, "quit"),
            (1, "quit: grpo-arith/first: 1 worker keeps running; return with: cockpit attach -e grpo-arith -f first"),
            (2, "quit: 2 trials keep running; return with: cockpit"),
        ])
    func `the last word says what goes on without the dashboard`(alive: Int, word: String) throws {
        var state = try StateFixtures.home()
        for index in state.trials.items?.indices ?? 0..<0 {
            state.trials.items?[index].status = index < alive ? .running : .completed
            state.trials.items?[index].runningWorkers = 1
        }
        #expect(Look.press("q", on: &state) == [word])
    }

    // MARK: What is read

    @Test func `each screen asks for what it shows and no more`() throws {
        var state = try StateFixtures.home()
        #expect(state.subscription(now: 0)?.query.timelineWindow == 0)
        #expect(
            state.subscription(now: 0)?.query.metrics == [
                "grpo_actor/reward", "eval/accuracy", "grpo_actor/kl_ref",
            ])
        _ = Look.press("enter", on: &state)
        #expect(state.subscription(now: 0)?.query.logLimit == 200)
        _ = Look.press("7", on: &state)
        #expect(state.subscription(now: 0)?.query.logLimit == 1_000)
        _ = Look.press("7 1 /", on: &state)
        _ = Reducer.reduce(&state, .paste("no such trial"), now: 0)
        #expect(state.subscription(now: 0) == nil)
    }

    @Test func `what is shown is asked for once and not at every key`() throws {
        var state = try StateFixtures.home()
        #expect(Reducer.start(&state, now: 0).count == 3)
        for keys in ["?", "esc", "x", "T", "esc"] {
            #expect(Reducer.reduce(&state, .key(Look.stroke(keys)), now: 0) == [])
        }
        let moved = Reducer.reduce(&state, .key(Look.stroke("j")), now: 0)
        let watched = moved.compactMap { effect -> String? in
            if case .watch(let wanted) = effect { wanted?.trial.description } else { nil }
        }
        #expect(watched == ["sft/mine"])
    }

    @Test func `the list is read often where it is shown and seldom elsewhere`() throws {
        var state = try StateFixtures.home()
        #expect(Reducer.start(&state, now: 0).contains(.listTrials(.often)))
        #expect(Reducer.reduce(&state, .key(Look.stroke("enter")), now: 0).contains(.listTrials(.seldom)))
        #expect(Reducer.reduce(&state, .key(Look.stroke("q")), now: 0).contains(.listTrials(.often)))
    }
}
