import Testing

@testable import Orchestrator

private let second: Int64 = 1_000_000_000

@Suite struct `Restart policy` {
    @Test func `the delay doubles with each failure in a row up to its longest`() {
        var policy = RestartPolicy(limit: 10, window: 100 * second, firstDelay: second, longestDelay: 5 * second)
        var delays: [RestartPolicy.Decision] = []
        for failure in 0..<5 { delays.append(policy.attemptFailed(at: Int64(failure) * second, ranFor: 0)) }
        #expect(
            delays == [
                .restart(after: second), .restart(after: 2 * second), .restart(after: 4 * second),
                .restart(after: 5 * second), .restart(after: 5 * second),
            ])
    }

    @Test func `an attempt that ran long enough makes the next delay the first again`() {
        var policy = RestartPolicy(firstDelay: second, healthyAfter: 5 * second)
        _ = policy.attemptFailed(at: 0, ranFor: 0)
        _ = policy.attemptFailed(at: second, ranFor: 0)
        #expect(policy.attemptFailed(at: 20 * second, ranFor: 5 * second) == .restart(after: second))
    }

    @Test func `too many restarts within the window give the trial up`() {
        var policy = RestartPolicy(limit: 2, window: 60 * second)
        _ = policy.attemptFailed(at: 0, ranFor: 0)
        _ = policy.attemptFailed(at: 10 * second, ranFor: 0)
        #expect(
            policy.attemptFailed(at: 20 * second, ranFor: 0) == .giveUp(reason: "2 restarts within 60 s are the limit"))
    }

    @Test func `restarts older than the window are forgotten`() {
        var policy = RestartPolicy(limit: 1, window: 60 * second, firstDelay: second, healthyAfter: 30 * second)
        _ = policy.attemptFailed(at: 0, ranFor: 0)
        #expect(policy.attemptFailed(at: 60 * second, ranFor: 40 * second) == .restart(after: second))
    }

    @Test func `a limit of zero ends the trial with its first failure`() {
        var policy = RestartPolicy(limit: 0)
        #expect(
            policy.attemptFailed(at: 0, ranFor: 99 * second) == .giveUp(reason: "restarts are off (restart.limit=0)"))
    }
}
