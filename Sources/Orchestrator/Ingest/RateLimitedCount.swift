/// Counts something that may come in floods and says when it is time to speak of it: at once, then at intervals. Pure.
struct RateLimitedCount {
    let interval: Int64
    private(set) var total = 0
    private var unreported = 0
    private var lastReport: Int64?

    init(interval: Int64 = 5_000_000_000) { self.interval = interval }

    /// - Returns: how many to speak of now; nil: keep quiet.
    mutating func count(now: Int64) -> Int? {
        total += 1
        unreported += 1
        if let lastReport, now - lastReport < interval { return nil }
        defer { unreported = 0 }
        lastReport = now
        return unreported
    }
}
