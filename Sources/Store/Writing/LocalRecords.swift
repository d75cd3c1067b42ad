package import Protocol

/// What the orchestrator itself saw: records without a source and a sequence number.
package struct LocalRecords: Sendable {
    package var states: [WireWorkerStateRecord]
    package var devices: [WireDeviceRecord]
    package var logs: [WireLogRecord]
    package var lifecycle: [LifecycleRow]
    package var checkpoints: [WireCheckpointRecord]

    package init(
        states: [WireWorkerStateRecord] = [], devices: [WireDeviceRecord] = [], logs: [WireLogRecord] = [],
        lifecycle: [LifecycleRow] = [], checkpoints: [WireCheckpointRecord] = []
    ) {
        self.states = states
        self.devices = devices
        self.logs = logs
        self.lifecycle = lifecycle
        self.checkpoints = checkpoints
    }
}

/// What became of a batch.
package enum AppendOutcome: Sendable, Equatable {
    /// It is part of the open transaction; acknowledge its number after `commit()`.
    case accepted(UInt64)
    /// It was stored before; acknowledge this number again (after `commit()` when something is pending).
    case repeated(UInt64)
    /// Batches before it are missing; answer with this number, and the sender goes on right after it.
    case gap(UInt64)
}
