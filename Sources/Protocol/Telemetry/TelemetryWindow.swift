import DequeModule

/// The sender's side of acknowledged telemetry: numbers batches, keeps them until they are acknowledged, and says
/// which to send (again). Pure: time comes in, bytes go out, nothing waits.
package struct TelemetryWindow: Sendable {
    /// A batch as it goes on the wire.
    package struct Pending: Sendable, Equatable {
        package let seq: UInt64
        package let frame: [UInt8]
    }

    package enum AppendOutcome: Sendable, Equatable {
        case queued(seq: UInt64)
        /// The window is full: the batch was not taken; its caller counts the records as dropped.
        case full
    }

    private var pending: Deque<Pending> = []
    private var pendingBytes = 0
    private var nextSeq: UInt64 = 1
    /// Index into `pending` of the first batch that has not been sent since the last rewind.
    private var unsent = 0
    private var lastProgress: Int64 = 0

    /// Batches that may be in flight without an acknowledgement.
    package let inFlightLimit: Int
    /// Bytes kept at most; above it `append` answers `.full`.
    package let byteLimit: Int
    /// Nanoseconds without an acknowledgement after which everything unacknowledged is sent again.
    package let resendAfter: Int64

    package init(inFlightLimit: Int = 64, byteLimit: Int = 64 << 20, resendAfter: Int64 = 500_000_000) {
        self.inFlightLimit = inFlightLimit
        self.byteLimit = byteLimit
        self.resendAfter = resendAfter
    }

    /// The number the next batch must carry.
    package var nextSequence: UInt64 { nextSeq }
    /// Everything appended has been acknowledged.
    package var isDrained: Bool { pending.isEmpty }
    package var unacknowledged: Int { pending.count }
    /// Everything that is not acknowledged, in order.
    package var frames: [[UInt8]] { pending.map(\.frame) }
    /// Whether a batch of `bytes` would be taken.
    package func hasRoom(for bytes: Int) -> Bool { pendingBytes + bytes <= byteLimit }

    /// Takes a batch whose `seq` is `nextSequence`.
    package mutating func append(_ frame: [UInt8]) -> AppendOutcome {
        guard pendingBytes + frame.count <= byteLimit else { return .full }
        let seq = nextSeq
        pending.append(Pending(seq: seq, frame: frame))
        pendingBytes += frame.count
        nextSeq += 1
        return .queued(seq: seq)
    }

    /// The next batch to put on the wire now, if the in-flight limit lets one out.
    package mutating func nextToSend(now: Int64) -> Pending? {
        guard unsent < pending.count, unsent < inFlightLimit else { return nil }
        if unsent == 0 { lastProgress = now }
        defer { unsent += 1 }
        return pending[unsent]
    }

    /// The socket would not take the batch that `nextToSend` gave last.
    package mutating func sendFailed() { unsent = max(0, unsent - 1) }

    /// The receiver has committed everything up to `seq`.
    ///
    /// One that moves nothing answers a repeat or a gap. It does not rewind by itself: answering every repeated
    /// acknowledgement with a repeat would never end; the time-out does it once.
    package mutating func acknowledged(upTo seq: UInt64, now: Int64) {
        guard seq < nextSeq else { return }
        var moved = false
        while let first = pending.first, first.seq <= seq {
            pending.removeFirst()
            pendingBytes -= first.frame.count
            unsent = max(0, unsent - 1)
            moved = true
        }
        if moved { lastProgress = now }
    }

    /// When to call `timePassed` next; nil when nothing is in flight.
    package var deadline: Int64? { unsent > 0 ? lastProgress + resendAfter : nil }

    /// Rewinds to the first unacknowledged batch when nothing has been acknowledged for too long.
    /// - Returns: whether batches will be sent again.
    @discardableResult
    package mutating func timePassed(now: Int64) -> Bool {
        guard let deadline, now >= deadline else { return false }
        unsent = 0
        lastProgress = now
        return true
    }
}
