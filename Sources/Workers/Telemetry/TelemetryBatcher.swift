package import Protocol

/// Records to batches: rows of equal series share their names, and no batch is too large. Pure.
package enum TelemetryBatcher {
    /// Rows of metrics in a batch.
    package static let largestRows = 256
    /// Bytes of a batch, by estimate.
    package static let largestBytes = 1 << 20

    /// The records in order, cut into batches that carry neither source nor number yet.
    package static func batches(of records: [TelemetryRecord]) -> [WireTelemetryBatch] {
        var batches: [WireTelemetryBatch] = [], current = WireTelemetryBatch(), columns: [Columns] = [], bytes = 0,
            rows = 0
        for record in records {
            let size = estimatedBytes(of: record)
            let isRow = if case .metrics = record { true } else { false }
            if bytes > 0, bytes + size > largestBytes || (isRow && rows == largestRows) {
                batches.append(current)
                (current, columns, bytes, rows) = (WireTelemetryBatch(), [], 0, 0)
            }
            add(record, to: &current, columns: &columns)
            bytes += size
            rows += isRow ? 1 : 0
        }
        if bytes > 0 { batches.append(current) }
        return batches
    }

    /// How rows that report the same names in the same order become rows of one block of a batch.
    private struct Columns {
        /// As they were reported.
        let names: [String]
        /// For each name of the block, where its value stands in a row.
        let places: [Int]
        /// The block's index in the batch.
        let block: Int

        func fit(_ metrics: [Metric]) -> Bool { names.elementsEqual(metrics) { $0 == $1.name } }
    }

    private static func add(_ record: TelemetryRecord, to batch: inout WireTelemetryBatch, columns: inout [Columns]) {
        switch record {
        case .metrics(let step, let time, let metrics):
            let fitting = columns.first { $0.fit(metrics) } ?? open(metrics.map(\.name), in: &batch, &columns)
            batch.metrics[fitting.block].rows.append(
                filled(WireMetricRow()) {
                    $0.step = step
                    $0.timeNs = time
                    $0.values = fitting.places.map { metrics[$0].value }
                })
        case .span(let span): batch.spans.append(span)
        case .buffer(let buffer): batch.buffers.append(buffer)
        case .log(let log): batch.logs.append(log)
        case .checkpoint(let checkpoint): batch.checkpoints.append(checkpoint)
        }
    }

    /// The columns for rows that report these names, with a block of the batch that has them.
    private static func open(
        _ names: [String], in batch: inout WireTelemetryBatch, _ columns: inout [Columns]
    ) -> Columns {
        // A name that occurs twice keeps its last value; sorted, so that equal series give equal blocks.
        let places = Dictionary(names.indices.map { (names[$0], $0) }) { _, last in last }.sorted { $0.key < $1.key }
        let sorted = places.map(\.key)
        let known = batch.metrics.firstIndex { $0.names == sorted }
        if known == nil { batch.metrics.append(filled(WireMetricBlock()) { $0.names = sorted }) }
        let opened = Columns(names: names, places: places.map(\.value), block: known ?? batch.metrics.count - 1)
        columns.append(opened)
        return opened
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
