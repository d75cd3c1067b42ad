import Glibc
import Store

/// The moving average of the charts.
enum Smoothing {
    /// An exponential moving average over the means of the columns, with the pull towards zero of its start taken out:
    /// a constant stays the constant from its first point on. Columns without points stay gaps and do not count.
    static func debiased(_ columns: ArraySlice<ReducedColumn>, weight: Double) -> [LineChart.Column] {
        var value = 0.0
        var points = 0.0
        return columns.map { column in
            guard column.count > 0 else {
                return LineChart.Column(count: 0, low: .nan, high: .nan, mean: .nan, hasNonFinite: column.nonFinite > 0)
            }
            points += 1
            // The same as a weighted sum over the sum of its weights, but a constant meets no rounding.
            value += (column.mean - value) * (1 - weight) / (1 - pow(weight, points))
            return LineChart.Column(
                count: column.count, low: value, high: value, mean: value, hasNonFinite: column.nonFinite > 0)
        }
    }

    /// The raw values, for the dim line behind.
    static func raw(_ columns: ArraySlice<ReducedColumn>) -> [LineChart.Column] {
        columns.map { LineChart.Column(count: $0.count, low: $0.low, high: $0.high, mean: $0.mean) }
    }
}
