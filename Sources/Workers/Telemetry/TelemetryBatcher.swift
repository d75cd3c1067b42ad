package import Protocol

/// Records to batches: rows of equal series share their names, and no batch is too large. Pure.
package enum TelemetryBatcher {
    /// Rows of metrics in a batch.
    package static let largestRows = 256
    /// Bytes of a batch, by estimate.
    package static let largestBytes = 1 << 20

    /// The records in order, cut into batches that carry neither source nor number yet.
    package static func batches(of records: [TelemetryRecord]) -> [WireTelemetryBatch] {
        var batches: [WireTelemetryBatch] = [], current = WireTelemetryBatch(), bytes = 0, rows = 0
        for record in records {
            let size = estimatedBytes(of: record)
            let isRow = if case .metrics = record { true } else { false }
            if bytes > 0, bytes + size > largestBytes || (isRow && rows == largestRows) {
                batches.append(current)
                (current, bytes, rows) = (WireTelemetryBatch(), 0, 0)
            }
            add(record, to: &current)
            bytes += size
            rows += isRow ? 1 : 0
        }
        if bytes > 0 { batches.append(current) }
        return batches
    }

    private static func add(_ record: TelemetryRecord, to batch: inout WireTelemetryBatch) {
        switch record {
        case .metrics(let step, let time, let metrics): add(step, time, metrics, to: &batch)
        case .span(let span): batch.spans.append(span)
        case .buffer(let buffer): batch.buffers.append(buffer)
        case .log(let log): batch.logs.append(log)
        case .checkpoint(let checkpoint): batch.checkpoints.append(checkpoint)
        }
    }

    private static func add(_ step: UInt64, _ time: Int64, _ metrics: [Metric], to batch: inout WireTelemetryBatch) {
        // A name that occurs twice keeps its last value; sorted, so that equal series give equal blocks.
        let unique = Dictionary(metrics.map { ($0.name, $0.value) }) { _, last in last }
        let sorted = unique.sorted { $0.key < $1.key }
        let row = filled(WireMetricRow()) {
            $0.step = step
            $0.timeNs = time
            $0.values = sorted.map(\.value)
        }
        let names = sorted.map(\.key)
        if let index = batch.metrics.firstIndex(where: { $0.names == names }) {
            batch.metrics[index].rows.append(row)
        } else {
            batch.metrics.append(
                filled(WireMetricBlock()) {
                    $0.names = names
                    $0.rows = [row]
                })
        }
    }

    private static func estimatedBytes(of record: TelemetryRecord) -> Int {
        switch record {
        case .metrics(_, _, let metrics): 16 + metrics.reduce(0) { $0 + 10 + $1.name.utf8.count }
        case .span: 96
        case .buffer(let buffer): 64 + 24 * buffer.ready.count + 2 * buffer.staleness.count
        case .log(let log): 32 + log.message.utf8.count
        case .checkpoint(let checkpoint): 48 + checkpoint.path.utf8.count
        }
    }
}
