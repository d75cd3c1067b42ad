import Protocol
import Testing

@Suite struct RunClockTests {
    private static let hour: Int64 = 3_600_000_000_000

    @Test func `a clock that starts now never runs backwards and starts near zero`() {
        let clock = RunClock.startingNow()
        var last: Int64 = 0
        for _ in 0..<1000 {
            let now = clock.now()
            #expect(now >= last && now < Self.hour)
            last = now
        }
    }

    @Test func `two clocks of one origin agree, one of an earlier origin is ahead by the difference`() {
        let origin = RunClock.bootNanoseconds()
        let early = RunClock(originNanoseconds: origin - 5 * Self.hour), late = RunClock(originNanoseconds: origin)
        let before = late.now(), between = early.now() - 5 * Self.hour, after = late.now()
        #expect(before <= between && between <= after)
    }

    @Test func `a run that began before this boot has a negative origin and goes on`() {
        let clock = RunClock(originNanoseconds: -Self.hour)
        #expect(clock.now() >= Self.hour)
    }
}
