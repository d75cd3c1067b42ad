import Protocol

/// What a chart needs of a chunk that falls into one of its columns: no value of it is decoded then.
struct ChunkSummary: Equatable {
    /// Finite values, and the others.
    var finite: Int
    var notFinite: Int
    /// Over the finite values; 0 where there is none.
    var low = 0.0
    var high = 0.0
    var sum = 0.0
    var last = 0.0

    /// - Parameter values: in step order.
    init(of values: [Double]) {
        finite = 0
        notFinite = 0
        for value in values {
            guard value.isFinite else {
                notFinite += 1
                continue
            }
            low = finite == 0 ? value : min(low, value)
            high = finite == 0 ? value : max(high, value)
            sum += value
            last = value
            finite += 1
        }
    }

    init(finite: Int, notFinite: Int, low: Double, high: Double, sum: Double, last: Double) {
        self.finite = finite
        self.notFinite = notFinite
        self.low = low
        self.high = high
        self.sum = sum
        self.last = last
    }

    /// Covers the summary and what it belongs to.
    func checksum(series: Int64, block: Int64) -> Int64 {
        var crc = CRC32()
        for number in [series, block, Int64(finite), Int64(notFinite)] { crc.add(number) }
        // SQLite does not keep the sign of a zero in these columns; adding 0 drops it here too.
        for number in [low, high, sum, last] { crc.add(number + 0) }
        return Int64(crc.value)
    }
}
