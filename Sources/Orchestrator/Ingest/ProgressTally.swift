import Protocol

/// The newest step and the newest value of each series, for the catalogue. Pure.
struct ProgressTally: Equatable {
    private(set) var step = 0
    private(set) var last: [String: Double] = [:]
    private(set) var isChanged = false

    mutating func take(_ batch: WireTelemetryBatch) {
        for block in batch.metrics {
            let rows = block.rows.filter { $0.values.count == block.names.count }
            guard let newest = rows.lazy.map(\.step).max() else { continue }
            step = max(step, Int(clamping: newest))
            for (column, name) in block.names.enumerated() {
                // Values that are no numbers cannot stand in the catalogue's JSON.
                guard let row = rows.last(where: { $0.values[column].isFinite }) else { continue }
                last[name] = row.values[column]
            }
            isChanged = true
        }
    }

    /// An attempt goes on from an earlier step.
    mutating func rewind(to resumeStep: Int) {
        isChanged = isChanged || step != resumeStep
        step = resumeStep
    }

    mutating func reported() { isChanged = false }
}
