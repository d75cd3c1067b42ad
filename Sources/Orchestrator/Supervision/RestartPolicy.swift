/// When a failed attempt is followed by another one, and when the trial is given up. Pure: time comes in as
/// nanoseconds, no clock is read.
package struct RestartPolicy: Sendable, Equatable {
    package enum Decision: Sendable, Equatable {
        /// Try again after this many nanoseconds.
        case restart(after: Int64)
        /// Too many failures in too short a time; the sentence says how many.
        case giveUp(reason: String)
    }

    /// Restarts allowed within `window`; 0: the first failure ends the trial.
    package let limit: Int
    /// Nanoseconds over which restarts are counted.
    package let window: Int64
    /// Nanoseconds before the first restart; doubles with each failure in a row.
    package let firstDelay: Int64
    /// The delay never grows beyond this.
    package let longestDelay: Int64
    /// An attempt that ran this long was healthy: the failure after it is the first in a row again.
    package let healthyAfter: Int64

    /// Attempts in a row that may die without a new checkpoint, however long each of them runs; then the trial is given
    /// up: the next would get no further.
    package let fruitlessLimit: Int

    private var fruitless = 0
    private var restarts: [Int64] = []
    private var inARow = 0

    package init(
        limit: Int = 10, window: Int64 = 120_000_000_000, firstDelay: Int64 = 500_000_000,
        longestDelay: Int64 = 10_000_000_000, healthyAfter: Int64 = 5_000_000_000,
        fruitlessLimit: Int = 6
    ) {
        self.fruitlessLimit = fruitlessLimit
        self.limit = limit
        self.window = window
        self.firstDelay = firstDelay
        self.longestDelay = max(longestDelay, firstDelay)
        self.healthyAfter = healthyAfter
    }

    /// An attempt has failed.
    /// - Parameter ranFor: nanoseconds it had been running; 0 when it never got that far.
    package mutating func attemptFailed(at now: Int64, ranFor: Int64) -> Decision {
        fruitless += 1
        restarts.removeAll { now - $0 >= window }
        guard restarts.count < limit else {
            if limit == 0 { return .giveUp(reason: "restarts are off (restart.limit=0)") }
            return .giveUp(reason: "\(restarts.count) restarts within \(window / 1_000_000_000) s are the limit")
        }
        guard fruitless < fruitlessLimit else {
            return .giveUp(reason: "\(fruitless) attempts in a row have died without a new checkpoint")
        }
        inARow = ranFor >= healthyAfter ? 1 : inARow + 1
        restarts.append(now)
        return .restart(after: delay(failuresInARow: inARow))
    }

    /// There is a newer checkpoint than any attempt before had.
    package mutating func gotSomewhere() { fruitless = 0 }

    private func delay(failuresInARow count: Int) -> Int64 {
        var delay = firstDelay
        for _ in 1..<max(1, count) where delay < longestDelay { delay *= 2 }
        return min(delay, longestDelay)
    }
}
