import Glibc
import Protocol
import TestSupport
import Testing

@testable import Orchestrator

private let second: Int64 = 1_000_000_000
private let millisecond: Int64 = 1_000_000

/// The same rule, written with lists and no state: what the policy must decide about the last of `failures`.
private func reference(_ failures: [(at: Int64, ranFor: Int64)], limit: Int, window: Int64) -> Int64? {
    var granted: [Int64] = []
    var inARow = 0
    var delay: Int64?
    for failure in failures {
        guard granted.filter({ failure.at - $0 < window }).count < limit else {
            delay = nil
            continue
        }
        inARow = failure.ranFor >= 5 * second ? 1 : inARow + 1
        granted.append(failure.at)
        delay = (0..<inARow - 1).reduce(500 * millisecond) { sofar, _ in min(sofar * 2, 10 * second) }
    }
    return delay
}

@Suite struct `The back-off table` {
    @Test func `runs from half a second to ten by default`() {
        var policy = RestartPolicy(fruitlessLimit: .max)
        var waits: [Int64] = []
        for failure in 0..<8 {
            if case .restart(let wait) = policy.attemptFailed(at: Int64(failure) * second, ranFor: 0) {
                waits.append(wait / millisecond)
            }
        }
        #expect(waits == [500, 1000, 2000, 4000, 8000, 10000, 10000, 10000])
    }

    @Test(
        arguments: [
            // The first delay, the longest, and the waits of four failures in a row.
            (0, 10 * second, [0, 0, 0, 0]), (second, second, [1, 1, 1, 1]), (3 * second, 10 * second, [3, 6, 10, 10]),
            // A first delay above the longest is kept as it is.
            (60 * second, 10 * second, [60, 60, 60, 60]),
        ] as [(Int64, Int64, [Int64])])
    func `keeps between its bounds`(first: Int64, longest: Int64, waits: [Int64]) {
        var policy = RestartPolicy(firstDelay: first, longestDelay: longest)
        let decisions = (0..<4).map { policy.attemptFailed(at: Int64($0), ranFor: 0) }
        #expect(decisions == waits.map { .restart(after: $0 * second) })
    }

    @Test(arguments: [
        (4 * second, 2 * second), (5 * second - 1, 2 * second), (5 * second, second), (500 * second, second),
    ])
    func `begins again after an attempt of five seconds or more`(ranFor: Int64, wait: Int64) {
        var policy = RestartPolicy(firstDelay: second)
        _ = policy.attemptFailed(at: 0, ranFor: 0)
        #expect(policy.attemptFailed(at: second, ranFor: ranFor) == .restart(after: wait))
    }

    @Test(arguments: [
        (1, 60, "1 restarts within 60 s are the limit"), (3, 120, "3 restarts within 120 s are the limit"),
    ])
    func `gives up beyond its limit and says which it is`(limit: Int, window: Int64, reason: String) {
        var policy = RestartPolicy(limit: limit, window: window * second)
        for failure in 0..<limit { _ = policy.attemptFailed(at: Int64(failure), ranFor: 0) }
        #expect(policy.attemptFailed(at: window * second - 1, ranFor: 0) == .giveUp(reason: reason))
    }

    @Test func `grants one restart for each that has left the window`() {
        var policy = RestartPolicy(limit: 2, window: 60 * second, firstDelay: second, fruitlessLimit: .max)
        let times: [Int64] = [0, 30, 59, 60, 61, 89, 90]
        let granted = times.map { time -> Bool in
            if case .restart = policy.attemptFailed(at: time * second, ranFor: 99 * second) { true } else { false }
        }
        #expect(granted == [true, true, false, true, false, false, true])
    }

    @Test func `decides as the rule written down as lists does, whatever comes`() {
        for seed in UInt64(1)...200 {
            var random = SplitMix(seed: seed)
            let limit = Int.random(in: 0...6, using: &random)
            let window = Int64.random(in: 1...100, using: &random) * second
            var policy = RestartPolicy(limit: limit, window: window, fruitlessLimit: .max)
            var failures: [(at: Int64, ranFor: Int64)] = []
            var time: Int64 = 0
            for _ in 0..<40 {
                time += Int64.random(in: 0...30, using: &random) * second
                failures.append((time, Int64.random(in: 0...9, using: &random) * second))
                let expected = reference(failures, limit: limit, window: window)
                switch policy.attemptFailed(at: time, ranFor: failures[failures.count - 1].ranFor) {
                case .restart(let wait): #expect(wait == expected, "seed \(seed)")
                case .giveUp: #expect(expected == nil, "seed \(seed)")
                }
            }
        }
    }
}

@Suite struct `A plan to bring workers down` {
    @Test func `asks first and kills last, and waits for ever only for the dead`() {
        let plans = [
            ShutdownPlan.orderly(silence: 30), .orderly(from: 0, until: 20 * second), .hurried(from: 0),
            .beforeStart(from: 0), .atOnce, .afterCompletion(silence: 30), .collapse(sparing: nil, now: 0),
            .collapse(sparing: .master, now: 0),
        ]
        for plan in plans {
            #expect(plan.steps.last == .init(acts: [.kill], patience: .forEver))
            // Whoever outlives a step must meet the next one.
            #expect(plan.steps.dropLast().allSatisfy { $0.patience != .forEver })
        }
    }

    @Test func `after completion gives up on those who stay and do not move`() {
        var driver = MachineDriver.running()
        driver.report(.master, .completed)
        driver.exit(.master, .exited(0))
        driver.exit(MachineDriver.first, .exited(0))
        #expect(driver.pass(seconds: 29).deeds.isEmpty)
        #expect(driver.pass(seconds: 1).deeds == [.signal(MachineDriver.second, SIGKILL)])
        // Killed or not: the work was done.
        let end = driver.exit(MachineDriver.second, .signalled(SIGKILL))
        #expect(end.deeds == [.finish(.completed)])
        #expect(end.states == [.completed])
    }

    @Test func `for a collapse spares whoever reported for one second`() {
        let plan = ShutdownPlan.collapse(sparing: .master, now: 5)
        #expect(plan.steps.map(\.acts) == [[.killAllBut(.master)], [.kill]])
        #expect(plan.steps.map(\.patience) == [.until(5 + second), .forEver])
        #expect(ShutdownPlan.collapse(sparing: nil, now: 5).steps.map(\.acts) == [[.kill]])
    }

    @Test func `has no deadline once everybody was killed`() {
        var driver = MachineDriver.running()
        driver.exit(MachineDriver.first, .signalled(SIGSEGV))
        #expect(driver.machine.nextDeadline == nil)
        #expect(driver.take(.timePassed, afterMilliseconds: 1_000_000).isEmpty)
    }

    @Test func `leaves no worker unasked who comes to life while it runs`() {
        var driver = MachineDriver()
        driver.take(.begin)
        driver.take(.spawned(.master, pid: 3))
        driver.take(.stopSignal)
        #expect(driver.take(.spawned(MachineDriver.first, pid: 4)).deeds == [.tell(MachineDriver.first, .exit)])
        driver.take(.stopSignal, afterMilliseconds: 1000)
        #expect(driver.take(.spawned(MachineDriver.second, pid: 5)).deeds == [.signal(MachineDriver.second, SIGKILL)])
    }
}
