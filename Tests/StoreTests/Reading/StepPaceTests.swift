import Protocol
import Testing

@testable import Store

@Suite("The pace of steps")
struct StepPaceTests {
    private func marks(_ times: [Double], first: Int = 1) -> [StepMark] {
        times.enumerated().map { StepMark(step: first + $0.offset, time: Int64($0.element * 1e9)) }
    }

    @Test func `is the mean distance, evaluations between steps included`() throws {
        let pace = try #require(StepPace(marks([1, 2, 3, 6, 7]), since: 1))
        #expect(pace.seconds == 1.5)
        #expect(pace.last == StepMark(step: 5, time: 7_000_000_000))
    }

    @Test(arguments: 20...24)
    func `does not jump when an evaluation comes in or goes out of sight`(count: Int) throws {
        // Every fifth step is followed by an evaluation of three seconds.
        let times = (0..<count).map { Double($0 + $0 / 5 * 3) }
        #expect(try #require(StepPace(marks(times), since: 1)).seconds == 1.6)
    }

    @Test func `does not take a pause for a step`() throws {
        // Four seconds of work and an hour of pause: the pause counts as ten usual steps.
        let pace = try #require(StepPace(marks([1, 2, 3, 3603, 3604]), since: 1))
        #expect(pace.seconds == 13.0 / 4)
    }

    @Test func `looks at the phase that runs alone`() throws {
        let all = marks([0.1, 0.2, 0.3, 5, 10, 15])
        #expect(try #require(StepPace(all, since: 4)).seconds == 5)
        #expect(StepPace(all, since: 5) == nil)
    }
}

@Suite("A snapshot")
struct SnapshotCutTests {
    @Test func `says since when its spans are whole where there are too many`() throws {
        let run = try RunBuilder()
        let spans = (1...4_200).map { Batch.span($0, start: Int64($0) * 1_000, end: Int64($0) * 1_000 + 10) }
        _ = try run.writer.append(Batch.of(seq: 1) { $0.spans = spans })
        try run.writer.commit()
        let reader = try run.reader()
        let whole = try reader.snapshot(RunQuery(timelineWindow: 10_000_000_000))
        #expect(whole.cuts.spansBefore == 105_000)
        #expect(whole.cuts.eventsBefore == nil)
        let small = try reader.snapshot(RunQuery(timelineWindow: 100_000))
        #expect(small.cuts.spansBefore == nil)
    }

    @Test func `knows the pace of the newest steps`() throws {
        let run = try RunBuilder()
        for step in 1...5 {
            try run.step(step, [("timeperf/e2e", 0.5)], seq: step, time: Int64(step) * 2_000_000_000)
        }
        let pace = try #require(try run.reader().snapshot(RunQuery()).pace)
        #expect(pace.seconds == 2)
        #expect(pace.last == StepMark(step: 5, time: 10_000_000_000))
        #expect(try run.reader().snapshot(RunQuery(playhead: .at(5_000_000_000))).pace == nil)
    }
}
