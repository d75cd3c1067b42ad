/// Values that fall into one column of a chart. Non-finite values are counted apart and touch nothing else.
package struct ReducedColumn: Sendable, Equatable {
    /// Finite values; 0 for a column nothing falls into.
    package var count: Int
    /// Of the finite values, as the three that follow; 0 where there is none.
    package var low: Double
    /// The largest.
    package var high: Double
    /// Each value counts the same.
    package var mean: Double
    /// The latest.
    package var last: Double
    /// Values that are NaN or infinite.
    package var nonFinite: Int

    /// An empty column, unless told otherwise.
    package init(
        count: Int = 0, low: Double = 0, high: Double = 0, mean: Double = 0, last: Double = 0, nonFinite: Int = 0
    ) {
        self.count = count
        self.low = low
        self.high = high
        self.mean = mean
        self.last = last
        self.nonFinite = nonFinite
    }
}

/// One series reduced to columns over [firstStep, lastStep].
package struct Curve: Sendable, Equatable {
    /// Where the first column begins.
    package var firstStep: Int
    /// Where the last column ends; the step itself belongs to it.
    package var lastStep: Int
    /// In step order.
    package var columns: [ReducedColumn]

    /// Columns over the steps from `firstStep` to `lastStep`.
    package init(firstStep: Int, lastStep: Int, columns: [ReducedColumn]) {
        self.firstStep = firstStep
        self.lastStep = lastStep
        self.columns = columns
    }
}
