/// Waits between attempts to write after the store refused: doubling, with a longest wait. Pure.
///
/// A full disk still takes a small record now and then. So an outage is over only when nothing has been refused for a
/// while, and each is spoken of twice: when it begins and when it is over.
struct StoreOutage {
    private static let firstDelay: Int64 = 100_000_000
    private static let longestDelay: Int64 = 2_000_000_000
    private static let calm: Int64 = 5_000_000_000

    private(set) var retryAt: Int64?
    private var delay = firstDelay
    private var isKnown = false
    private var calmSince: Int64?

    /// Whether writing has to wait.
    func isActive(now: Int64) -> Bool { retryAt.map { now < $0 } ?? false }
    /// Whether the last try failed.
    var isOngoing: Bool { retryAt != nil }
    /// When it is over if nothing fails until then; nil when there is none, or the store still refuses.
    var endsAt: Int64? { calmSince.map { $0 + Self.calm } }

    /// - Returns: whether this is news: the first failure of an outage.
    mutating func failed(now: Int64) -> Bool {
        defer { isKnown = true }
        calmSince = nil
        retryAt = now + delay
        delay = min(delay * 2, Self.longestDelay)
        return !isKnown
    }

    /// The store has taken what it was given.
    mutating func succeeded(now: Int64) {
        retryAt = nil
        if isKnown, calmSince == nil { calmSince = now }
    }

    /// - Returns: whether this is news: nothing has failed for long enough. `now` = `.max`: nothing can fail any more.
    mutating func isOver(now: Int64) -> Bool {
        guard let endsAt, now >= endsAt else { return false }
        self = StoreOutage()
        return true
    }
}
