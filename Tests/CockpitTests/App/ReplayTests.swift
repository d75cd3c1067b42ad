import Protocol
import Testing

@testable import Cockpit
@testable import Store

/// The playhead against a clock that only the test moves.
@Suite struct ReplayTests {
    private static let second: Int64 = 1_000_000_000

    @Test(arguments: [(2, 10), (5, 80), (0, 2), (8, 640)] as [(Int, Int64)])
    func `the playhead moves as fast as its speed says`(speed: Int, seconds: Int64) {
        var transport = Transport()
        transport.seek(to: 0, now: 0)
        transport.changeSpeed(by: speed - 2, now: 0, end: 10_000 * Self.second)
        transport.play(now: 0, end: 10_000 * Self.second)
        let expected = speed == 0 ? 2_500_000_000 : seconds * Self.second
        #expect(transport.position(now: 10 * Self.second, end: 10_000 * Self.second) == expected)
    }

    @Test func `a change of speed does not make the playhead jump`() {
        var transport = Transport()
        transport.seek(to: 100 * Self.second, now: 0)
        transport.play(now: 0, end: 1_000 * Self.second)
        transport.changeSpeed(by: 3, now: 10 * Self.second, end: 1_000 * Self.second)
        #expect(transport.position(now: 10 * Self.second, end: 1_000 * Self.second) == 110 * Self.second)
        #expect(transport.position(now: 11 * Self.second, end: 1_000 * Self.second) == 118 * Self.second)
    }

    @Test func `it stops at the end and plays again from the start`() {
        var transport = Transport()
        transport.seek(to: 90 * Self.second, now: 0)
        transport.play(now: 0, end: 100 * Self.second)
        transport.advance(now: 60 * Self.second, end: 100 * Self.second)
        #expect(transport.mode == .paused(at: 100 * Self.second))
        transport.play(now: 60 * Self.second, end: 100 * Self.second)
        #expect(transport.position(now: 61 * Self.second, end: 100 * Self.second) == Self.second)
    }

    @Test func `speeds end at a quarter and at sixty-four`() {
        var transport = Transport()
        transport.changeSpeed(by: -9, now: 0, end: 0)
        #expect(transport.speed == 0.25)
        transport.changeSpeed(by: 99, now: 0, end: 0)
        #expect(transport.speed == 64)
    }

    @Test func `a stall of the loop for years does not trap`() {
        var transport = Transport()
        transport.changeSpeed(by: 9, now: 0, end: 5)
        transport.play(now: 0, end: .max)
        #expect(transport.position(now: .max, end: 5) == 5)
    }

    @Test func `r replays from the start and asks for views at the playhead`() throws {
        var state = try StateFixtures.live()
        ScreenPicture.press("r", on: &state, now: 0)
        #expect(state.run?.transport.isPlaying == true)
        let effects = Reducer.reduce(&state, .tick, now: 4 * Self.second)
        #expect(
            effects.contains {
                if case .watch(let wanted) = $0 { wanted?.query.playhead == .at(4 * Self.second) } else { false }
            })
    }

    @Test func `a playing replay asks for ten frames a second, a paused one for none`() throws {
        var state = try StateFixtures.live()
        ScreenPicture.press("r", on: &state, now: 0)
        #expect(state.nextDeadline(now: 0) == 100_000_000)
        ScreenPicture.press(" ", on: &state, now: 1)
        #expect(state.nextDeadline(now: 1) == nil)
    }

    @Test func `digits jump and E returns to the newest record`() throws {
        var state = try StateFixtures.replay()
        ScreenPicture.press("5", on: &state)
        #expect(state.run?.transport.position(now: 0, end: 1_196 * Self.second) == 598 * Self.second)
        ScreenPicture.press("E", on: &state)
        #expect(state.run?.transport.isReplay == false)
    }

    @Test func `steps are asked of the store and the answer moves the playhead`() throws {
        var state = try StateFixtures.live()
        state.run?.focus = .workers
        let id = try RunFixtures.id("first")
        let asked = ScreenPicture.press("[", on: &state)
        #expect(asked == [.seek(id, .backward, from: 600 * Self.second, stop: .step)])
        let answered = Reducer.reduce(&state, .soughtTime(id, 550 * Self.second), now: 0)
        #expect(state.run?.transport.mode == .paused(at: 550 * Self.second))
        #expect(
            answered.contains {
                if case .watch(let wanted) = $0 { wanted?.query.playhead == .at(550 * Self.second) } else { false }
            })
    }

    @Test func `at the first event there is nothing further`() throws {
        var state = try StateFixtures.replay()
        _ = Reducer.reduce(&state, .soughtTime(try RunFixtures.id("first"), nil), now: 0)
        #expect(state.toasts.last?.text == "nothing further that way")
    }

    @Test func `goto asks when a step was completed and goes there`() throws {
        var state = try StateFixtures.live()
        let id = try RunFixtures.id("first")
        #expect(Reducer.goTo(state, step: 100) == [.seekStep(id, 100)])
        let mark = StepMark(step: 100, time: 260 * Self.second)
        _ = Reducer.reduce(&state, .soughtStep(id, 100, mark), now: 0)
        #expect(state.run?.transport.mode == .paused(at: 260 * Self.second))
        #expect(state.toasts.last?.text == "replay: E returns to the newest record")
    }

    @Test func `goto a step that is not recorded goes to the nearest and says so`() throws {
        var state = try StateFixtures.live()
        let id = try RunFixtures.id("first")
        let mark = StepMark(step: 230, time: 598 * Self.second)
        _ = Reducer.reduce(&state, .soughtStep(id, 3_000, mark), now: 0)
        #expect(state.run?.transport.mode == .paused(at: 598 * Self.second))
        #expect(state.toasts.last?.text == "step 3000 is not recorded; the nearest is step 230")
        _ = Reducer.reduce(&state, .soughtStep(id, 3_000, nil), now: 0)
        #expect(state.run?.transport.mode == .paused(at: 598 * Self.second))
        #expect(state.toasts.last?.text == "no step has been completed yet")
    }

    @Test func `a click on the scrub bar moves the playhead`() throws {
        var state = try StateFixtures.replay()
        let layout = DashboardLayout(state: state)
        let track = TransportBar.track(in: try #require(layout.transport))
        let click = MouseEvent(kind: .press(.left), position: Point(x: track.maxX - 1, y: track.y))
        _ = Reducer.reduce(&state, .mouse(click), now: 0)
        #expect(state.run?.transport.position(now: 0, end: 1_196 * Self.second) == 1_196 * Self.second)
    }
}
