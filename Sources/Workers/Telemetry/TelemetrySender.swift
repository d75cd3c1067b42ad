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
    /// Batches that are not acknowledged.
    package var unacknowledged: Int { window.unacknowledged }
    /// Whether there is room for another batch of the usual size; while there is not, records stay in their queue.
    package var hasRoom: Bool { window.hasRoom(for: 2 * TelemetryBatcher.largestBytes) }
    package var deadline: Int64? { window.deadline }

    /// Takes records; `dropped` is what their queue has dropped so far.
    package mutating func add(_ records: [TelemetryRecord], dropped: UInt64) throws {
        for batch in TelemetryBatcher.batches(of: records) {
            let frame = try frame(of: batch, seq: window.nextSequence, dropped: dropped)
            // What no receiver reads would be sent again for ever, and nothing behind it would ever arrive.
            let isReadable = frame.count <= WireCodec.largestMessage
            if isReadable, case .queued = window.append(frame) { continue }
            refused += Self.count(of: batch)
        }
    }

    /// Everything that is not acknowledged, and `records` after it, as frames to be stored at another time.
    package func everything(and records: [TelemetryRecord], dropped: UInt64) throws -> [[UInt8]] {
        var frames = window.frames, seq = window.nextSequence
        for batch in TelemetryBatcher.batches(of: records) {
            let frame = try frame(of: batch, seq: seq, dropped: dropped)
            guard frame.count <= WireCodec.largestMessage else { continue }
            frames.append(frame)
            seq += 1
        }
        return frames
    }

    private func frame(of unnumbered: WireTelemetryBatch, seq: UInt64, dropped: UInt64) throws -> [UInt8] {
        var batch = unnumbered
        batch.version = WireVersion.current
        batch.source = source
        batch.epoch = epoch
        batch.seq = seq
        batch.dropped = dropped + refused
        return try WireCodec.encode(batch)
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
