package import Protocol

/// The sending side of a worker's telemetry: numbers batches, keeps what is not acknowledged. Pure.
package struct TelemetrySender: Sendable {
    private var window: TelemetryWindow
    private let source: String
    private let epoch: UInt64
    /// Records lost here because the window was full, or one of them was beyond all bounds.
    private var refused: UInt64 = 0

    package init(source: String, epoch: UInt64, window: TelemetryWindow = TelemetryWindow()) {
        self.source = source
        self.epoch = epoch
        self.window = window
    }

    package var isDrained: Bool { window.isDrained }
    package var deadline: Int64? { window.deadline }

    /// Takes records; `dropped` is what their queue has dropped so far.
    package mutating func add(_ records: [TelemetryRecord], dropped: UInt64) throws {
        for unnumbered in TelemetryBatcher.batches(of: records) {
            var batch = unnumbered
            batch.version = WireVersion.current
            batch.source = source
            batch.epoch = epoch
            batch.seq = window.nextSequence
            batch.dropped = dropped + refused
            let frame = try WireCodec.encode(batch)
            // What no receiver reads would be sent again for ever, and nothing behind it would ever arrive.
            let isReadable = frame.count <= WireCodec.largestMessage
            if isReadable, case .queued = window.append(frame) { continue }
            refused += Self.count(of: batch)
        }
    }

    private static func count(of batch: WireTelemetryBatch) -> UInt64 {
        let rows = batch.metrics.reduce(0) { $0 + $1.rows.count }
        return UInt64(rows + batch.spans.count + batch.buffers.count + batch.logs.count + batch.checkpoints.count)
    }

    /// The next frame to put on the wire.
    package mutating func next(now: Int64) -> [UInt8]? { window.nextToSend(now: now)?.frame }
    /// The socket did not take the frame that `next` gave.
    package mutating func sendFailed() { window.sendFailed() }
    /// An answer of the orchestrator; one for another attempt is not for us.
    package mutating func acknowledged(_ ack: WireTelemetryAck, now: Int64) {
        if ack.epoch == epoch { window.acknowledged(upTo: ack.seq, now: now) }
    }
    /// Sends again what has waited too long.
    package mutating func timePassed(now: Int64) { window.timePassed(now: now) }
}
