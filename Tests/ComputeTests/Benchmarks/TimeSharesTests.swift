import Testing

@testable import Compute

@Suite struct `Time shares` {
    @Test func `while the caller works alone the other lanes are idle`() {
        // Two lanes, 10 s: the caller 4 s inside the pool; lanes busy for 6 s there, so 2 s were lost to waiting.
        let shares = TimeShares(
            wall: 10, threads: 2, matrix: 5, attention: 1, elements: 2, optimizer: 2, lanes: 6, calls: 4)
        #expect(shares.matrix == 0.25)
        #expect(shares.idle == 0.4)
        #expect(abs(shares.other - 0.1) < 1e-12)
    }

    @Test func `one lane is never idle`() {
        let shares = TimeShares(
            wall: 4, threads: 1, matrix: 3, attention: 0, elements: 0, optimizer: 0, lanes: 0, calls: 0)
        #expect(shares.idle == 0)
        #expect(shares.other == 0.25)
    }

    @Test func `only one measurement runs at a time`() {
        var inner: TimeShares?
        let outer = TimeShares.measure(threads: 1) { inner = TimeShares.measure(threads: 1) {} }
        // Another test may measure meanwhile; then neither says anything about the other.
        #expect(outer == nil || inner == nil)
    }

    @Test func `a measurement that throws makes way for the next`() {
        struct Failure: Error {}
        #expect(throws: Failure.self) { try TimeShares.measure(threads: 1) { throw Failure() } }
        // Others may be measuring just now, so it may take a few tries.
        let deadline = ContinuousClock.now.advanced(by: .seconds(60))
        var shares: TimeShares?
        while shares == nil, ContinuousClock.now < deadline { shares = TimeShares.measure(threads: 1) {} }
        #expect(shares != nil)
    }

    @Test func `the median is not moved by one slow run`() {
        var runs = 0
        let time = Stopwatch.median(seconds: 0, minimum: 5) {
            runs += 1
            if runs == 3 { spin(.milliseconds(30)) }
        }
        #expect(runs == 5)
        #expect(time < 0.01)
    }

    private func spin(_ duration: Duration) {
        let clock = ContinuousClock()
        let end = clock.now.advanced(by: duration)
        while clock.now < end {}
    }
}
