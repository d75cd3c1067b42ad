/// Waits between attempts to write after the store refused: doubling, with a longest wait. Pure.
struct StoreOutage {
    private static let firstDelay: Int64 = 100_000_000
    private static let longestDelay: Int64 = 2_000_000_000

    private(set) var retryAt: Int64?
    private var delay = firstDelay

    /// Whether writing has to wait.
    func isActive(now: Int64) -> Bool { retryAt.map { now < $0 } ?? false }
    /// Whether the last try failed.
    var isOngoing: Bool { retryAt != nil }

    /// - Returns: whether this is news: the first failure after a success.
    mutating func failed(now: Int64) -> Bool {
        let isNews = retryAt == nil
        retryAt = now + delay
        delay = min(delay * 2, Self.longestDelay)
        return isNews
    }

    /// - Returns: whether this is news: the first success after a failure.
    mutating func succeeded() -> Bool {
        defer {
            retryAt = nil
            delay = Self.firstDelay
        }
        return retryAt != nil
    }
}
