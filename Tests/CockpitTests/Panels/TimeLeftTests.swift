import Protocol
import Testing

@testable import Cockpit
@testable import Store

@Suite("The time left")
struct TimeLeftTests {
    private static let second = RunFixtures.second

    private func snapshot(step: Int, every seconds: Double, now: Double? = nil) throws -> RunSnapshot {
        var snapshot = try RunFixtures.snapshot()
        snapshot.step = step
        snapshot.totalSteps = 460
        let marks = (max(1, step - 9)...step).map {
            StepMark(step: $0, time: Int64(Double($0) * seconds * Double(Self.second)))
        }
        snapshot.pace = StepPace(marks, since: snapshot.header.phase(after: step).steps.lowerBound)
        snapshot.time = now.map { Int64($0 * Double(Self.second)) } ?? marks.last?.time ?? 0
        return snapshot
    }

    @Test func `of the last phase is that of the trial, with the time of day`() throws {
        // 230 steps of 2 s from 09:07:40 on.
        let left = try #require(TimeLeft(try snapshot(step: 230, every: 2)))
        #expect(left.nanoseconds == 460 * Self.second)
        #expect(left.text(utcOffset: 0) == "ETA 8m 09:15")
        #expect(left.shortText == "ETA 8m")
    }

    @Test func `names the phase where another one follows, whose pace nobody knows`() throws {
        let left = try #require(TimeLeft(try snapshot(step: 40, every: 0.5)))
        #expect(left.nanoseconds == 10 * Self.second)
        #expect(left.text(utcOffset: 0) == "ETA sft 10s 09:00, then grpo")
        #expect(left.shortText == "ETA sft 10s")
    }

    @Test func `is not guessed from the steps of the phase before`() throws {
        #expect(TimeLeft(try snapshot(step: 61, every: 0.5)) == nil)
        #expect(TimeLeft(try snapshot(step: 63, every: 0.5)) != nil)
    }

    @Test func `gets less while a step is under way, and by no more than that step`() throws {
        let half = try #require(TimeLeft(try snapshot(step: 230, every: 2, now: 461)))
        #expect(half.nanoseconds == 459 * Self.second)
        let late = try #require(TimeLeft(try snapshot(step: 230, every: 2, now: 560)))
        #expect(late.nanoseconds == 458 * Self.second)
    }

    @Test func `is the same on every screen and in headless output`() throws {
        var state = try StateFixtures.live()
        let snapshot = try #require(state.run?.snapshot)
        let words = try #require(TimeLeft(snapshot)).text(utcOffset: 0)
        #expect(ScreenPicture.text(state).contains(words))
        state.screens = [.dashboard, .timeline]
        #expect(ScreenPicture.text(state).contains(words))
    }

    @Test func `ends with the trial`() throws {
        #expect(TimeLeft(try snapshot(step: 460, every: 2)) == nil)
    }
}
