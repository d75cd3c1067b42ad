import Protocol
import TestSupport
import Testing

@testable import Cockpit
@testable import Store

/// The playhead and the list of trials against slow and obvious references.
@Suite struct PlayheadTests {
    private static let end: Int64 = 1_000_000_000_000

    /// A playhead that is moved a little at a time, as a tape would be.
    private struct Tape {
        var position: Int64?
        var isPlaying = false
        var speed = 1.0

        mutating func pass(_ nanoseconds: Int64) {
            guard isPlaying, let here = position else { return }
            position = min(PlayheadTests.end, here + Int64(Double(nanoseconds) * speed))
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `any presses at any times move the playhead as a tape would move`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var transport = Transport(), tape = Tape()
        var now: Int64 = 0
        for _ in 0..<300 {
            // Multiples of four nanoseconds: a quarter of them is a whole number.
            let passed = Int64.random(in: 0...5_000_000_000, using: &random) * 4
            now += passed
            tape.pass(passed)
            switch Int.random(in: 0..<7, using: &random) {
            case 0:
                transport.play(now: now, end: Self.end)
                let here = tape.position ?? Self.end
                (tape.position, tape.isPlaying) = (here >= Self.end ? 0 : here, true)
            case 1:
                transport.pause(now: now, end: Self.end)
                (tape.position, tape.isPlaying) = (tape.position ?? Self.end, false)
            case 2:
                let time = Int64.random(in: -10...Self.end, using: &random)
                transport.seek(to: time, now: now)
                tape.position = max(0, time)
            case 3:
                transport.follow()
                (tape.position, tape.isPlaying) = (nil, false)
            case 4:
                transport.advance(now: now, end: Self.end)
                if tape.position == Self.end { tape.isPlaying = false }
            default:
                transport.changeSpeed(by: Int.random(in: -2...2, using: &random), now: now, end: Self.end)
                tape.speed = transport.speed
            }
            #expect(transport.position(now: now, end: Self.end) == tape.position)
            #expect(transport.isPlaying == tape.isPlaying)
        }
    }

    @Test func `a clock that goes back and an end before the playhead do no harm`() {
        var transport = Transport()
        transport.seek(to: 50, now: 100)
        #expect(transport.position(now: 0, end: 20) == 20)
        transport.play(now: 100, end: 1_000)
        #expect(transport.position(now: 0, end: 1_000) == 50)
        transport.seek(to: .max, now: 100)
        #expect(transport.position(now: 200, end: 1_000) == 1_000)
        transport.seek(to: .min, now: 100)
        #expect(transport.position(now: 100, end: 1_000) == 0)
    }

    @Test func `a replay that comes to the end of what is recorded waits there`() throws {
        var state = try StateFixtures.replay()
        _ = Look.press("space", on: &state, now: 0)
        _ = Reducer.reduce(&state, .tick, now: 900 * RunFixtures.second)
        #expect(state.run?.transport.mode == .paused(at: 1_196 * RunFixtures.second))
        #expect(state.nextDeadline(now: 900 * RunFixtures.second) == nil)
        _ = Look.press("space", on: &state, now: 901 * RunFixtures.second)
        #expect(
            state.run?.transport.position(now: 902 * RunFixtures.second, end: 1_196 * RunFixtures.second)
                == RunFixtures.second)
    }

    @Test func `a display that is frozen asks for no frames and stands still`() throws {
        var state = try StateFixtures.replay()
        _ = Look.press("space p", on: &state, now: 0)
        #expect(state.nextDeadline(now: 0) == nil)
        #expect(Reducer.reduce(&state, .tick, now: 10 * RunFixtures.second) == [])
    }

    // MARK: Filters and orders of the list

    @Test(
        arguments: [
            ("", ["first", "mine", "night", "lr-high"]), ("exp:sft", ["mine"]),
            ("exp:grpo", ["first", "night", "lr-high"]),
            ("-exp:grpo", ["mine"]), ("status:failed", ["lr-high"]), ("-status:run -status:lost", ["mine", "lr-high"]),
            ("trial:*i*t", ["first", "night"]), ("grpo*high", ["lr-high"]), ("FIRST", ["first"]),
            ("grpo first", ["first"]),
            ("first night", []), ("-", ["first", "night", "lr-high"]), ("--", ["mine"]),
            ("*", ["first", "mine", "night", "lr-high"]),
            ("step:9", []), ("exp:", ["first", "mine", "night", "lr-high"]), ("  first  ", ["first"]), ("训", []),
        ])
    func `the filter keeps the trials that all its words fit`(filter: String, trials: [String]) throws {
        var view = try StateFixtures.home().trials
        view.filter = filter
        #expect(view.visible.map(\.id.trial.description) == trials)
    }

    @Test(
        arguments: [
            (.started, ["first", "mine", "night", "lr-high"]), (.name, ["first", "lr-high", "night", "mine"]),
            (.status, ["night", "lr-high", "first", "mine"]), (.step, ["mine", "first", "night", "lr-high"]),
        ] as [(TrialsView.Order, [String])])
    func `o sorts by each column`(order: TrialsView.Order, trials: [String]) throws {
        var state = try StateFixtures.home()
        for _ in TrialsView.Order.allCases where state.trials.order != order { _ = Look.press("o", on: &state) }
        #expect(state.trials.order == order)
        #expect(state.trials.visible.map(\.id.trial.description) == trials)
    }

    @Test func `an order does not depend on the order in which trials were listed`() throws {
        var random = SplitMix(seed: 3)
        let same = try (0..<12).map { TrialItem(id: try RunFixtures.id("t\($0 % 10)\($0)"), status: .completed) }
        for order in TrialsView.Order.allCases {
            var view = TrialsView(order: order)
            view.items = same
            let expected = view.visible
            for _ in 0..<5 {
                view.items = same.shuffled(using: &random)
                #expect(view.visible == expected)
            }
        }
    }

    @Test(
        arguments: [
            ("abc", "", true), ("abc", "*", true), ("abc", "a*c", true), ("abc", "c*a", false), ("abab", "ab*ab", true),
            ("aba", "ab*ba", false), ("abc", "abcd", false), ("", "a", false), ("a*b", "*", true),
            ("训练 run", "练*r", true),
        ])
    func `stars stand for anything and pieces come in order`(text: String, pattern: String, found: Bool) {
        #expect(Glob.contains(text, pattern) == found)
    }
}
