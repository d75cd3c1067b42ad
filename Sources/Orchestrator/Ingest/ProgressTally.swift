import Protocol

/// The newest step and the newest value of each series, for the catalogue. Pure.
struct ProgressTally: Equatable {
    private(set) var step = 0
    private(set) var last: [String: Double] = [:]
    private(set) var isChanged = false

    mutating func take(_ batch: WireTelemetryBatch) {
        for block in batch.metrics {
            for row in block.rows where row.values.count == block.names.count {
                step = max(step, Int(clamping: row.step))
                // Values that are no numbers cannot stand in the catalogue's JSON.
                for (name, value) in zip(block.names, row.values) where value.isFinite { last[name] = value }
                isChanged = true
            }
        }
    }

    /// An attempt goes on from an earlier step.
    mutating func rewind(to resumeStep: Int) {
        isChanged = isChanged || step != resumeStep
        step = resumeStep
    }

    mutating func reported() { isChanged = false }
}
