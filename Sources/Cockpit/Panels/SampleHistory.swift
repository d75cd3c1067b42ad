import Store

/// Samples over time as areas draw them: a value holds until the next one is due.
enum SampleHistory {
    /// Agents sample the devices once a second; a sample may come half a second late.
    private static let longestHold = 1.5e9

    /// The means, one for each column. A gap keeps the value before it as long as no sample is overdue, `length` being
    /// the nanoseconds that all columns cover; after that, and before the first sample, it is not a number.
    static func sampled(_ columns: [ReducedColumn], over length: Int64) -> [Double] {
        let hold = length > 0 ? Int(min(longestHold * Double(columns.count) / Double(length), 1e6)) : 0
        return held(columns, for: hold)
    }

    /// The means of what changes at events only: a value stands until the next one.
    static func stepped(_ columns: [ReducedColumn]) -> [Double] { held(columns, for: columns.count) }

    private static func held(_ columns: [ReducedColumn], for longest: Int) -> [Double] {
        var value = Double.nan
        var age = 0
        return columns.map { column in
            age += 1
            if column.count > 0 { (value, age) = (column.mean, 0) }
            return age <= longest ? value : .nan
        }
    }
}

extension PanelContext {
    /// A device's history with its last sample held; see `SampleHistory`.
    func samples(of device: DeviceRow) -> [Double] {
        let window = run.timeline.window(at: snapshot.time) + run.timeline.offset
        return SampleHistory.sampled(device.history, over: min(window, max(1, snapshot.time)))
    }
}
