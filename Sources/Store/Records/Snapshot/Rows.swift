package import Protocol

/// One phase of one model function call on one worker.
package struct SpanRow: Sendable, Equatable {
    /// Of the row; grows with the order of storing.
    package var id: Int64
    /// The attempt whose process did it.
    package var attempt: Int
    /// `WorkerID.description`.
    package var worker: String
    /// The call; empty for what a worker does for itself, such as initializing.
    package var mfc: String
    /// `SpanPhase.rawValue`: `main`, `pre-data_transfer`, `post-save`, ...
    package var phase: String
    /// `InterfaceType.rawValue`, or the word of a request that is no call.
    package var interfaceType: String
    /// Of the model that was called; may be empty.
    package var role: String
    /// Trial-wide, from 1.
    package var step: Int
    /// Nanoseconds since the run's start.
    package var start: Int64
    /// Nanoseconds since the run's start; nil while it runs.
    package var end: Int64?
    /// Whether it ended with its worker or its attempt, and not by itself.
    package var isCut = false
    /// Sequences it took.
    package var sequences: Int
    /// Tokens it took or made.
    package var tokens: Int
    /// Updates that the model had had.
    package var weightVersion: Int
}

/// The sequence buffer after one change.
package struct BufferRow: Sendable, Equatable {
    /// Of the change, nanoseconds since the run's start.
    package var time: Int64
    /// The step under way, from 1.
    package var step: Int
    /// What changed it: `put`, `amend`, `get`, `free`.
    package var event: String
    /// The call that got or amended; empty for `put`.
    package var mfc: String
    /// Items that the event touched.
    package var count: Int
    /// Items in the buffer after it.
    package var size: Int
    /// Items that it can hold.
    package var capacity: Int
    /// Items that a call has got and not yet given back.
    package var beingRead: Int
    /// By call: items that have all it reads and that it has not taken yet.
    package var ready: [String: Int]
    /// `staleness[k]` items were generated k weight versions ago.
    package var staleness: [Int]
}

/// The newest sample of one device or of one worker process on it, with its utilisation over the window.
package struct DeviceRow: Sendable, Equatable {
    /// `cpu` or `gpu0`.
    package var device: String
    /// The process measured; empty for the whole device.
    package var worker: String
    /// As its maker calls it.
    package var name: String
    /// Of the sample, nanoseconds since the run's start.
    package var time: Int64
    /// Of a device its share in use, 0 to 1; of a process cores in use, which may be above 1.
    package var utilisation: Double
    /// Bytes.
    package var memoryUsed: Int64
    /// Bytes; 0 when unknown.
    package var memoryTotal: Int64
    /// Degrees Celsius; 0 when unknown.
    package var temperature: Double
    /// Watts; 0 when unknown.
    package var power: Double
    /// The utilisation over the timeline's window.
    package var history: [ReducedColumn]
}

/// One worker as it stood at the playhead.
package struct WorkerRow: Sendable, Equatable {
    /// `WorkerID.description`.
    package var id: String
    /// As last reported, by itself or by its supervisor.
    package var state: WorkerState
    /// Why it has this state; may be empty.
    package var detail: String
    /// The call that it is in; empty between two.
    package var mfc: String
    /// The newest step that it has worked on; 0 before the first.
    package var step: Int
    /// Of its process; 0 while there is none.
    package var pid: Int32
    /// How often it was started again, with its trial or with its group.
    package var restarts: Int
    /// As it last told it.
    package var weightVersion: Int
    /// When it was last heard of; at an earlier playhead, when what is shown here was last news.
    package var time: Int64
}

/// One record of a log.
package struct LogRow: Sendable, Equatable {
    /// Of the row; grows with the order of storing.
    package var id: Int64
    /// Nanoseconds since the run's start.
    package var time: Int64
    /// `WorkerID.description`, or `orchestrator`.
    package var worker: String
    /// How serious it is.
    package var level: LogLevel
    /// May have several lines, and anything that a program printed in them.
    package var message: String
}

/// One series and its last value.
package struct SeriesRow: Sendable, Equatable {
    /// Its name: `grpo_actor/reward`.
    package var key: String
    /// Points up to the playhead.
    package var count: Int
    /// Step of the last of them.
    package var lastStep: Int
    /// Its time, nanoseconds since the run's start.
    package var lastTime: Int64
    /// Its value, which need not be finite.
    package var last: Double
}

/// One checkpoint of one role.
package struct CheckpointRow: Sendable, Equatable {
    /// When it had been written, nanoseconds since the run's start.
    package var time: Int64
    /// The step it was written after.
    package var step: Int
    /// Of the model.
    package var role: String
    /// Its folder.
    package var path: String
    /// Of all its files.
    package var bytes: Int64
}
