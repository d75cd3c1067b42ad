package import Protocol

/// One consistent view of a run at one moment: what every screen is drawn from, live or replayed.
package struct RunSnapshot: Sendable, Equatable {
    /// Of the whole run, wherever the playhead stands.
    package var header: RunHeader
    /// The status at the playhead (not `lost`; that takes looking at processes, which a store does not).
    package var status: TrialStatus
    /// Why it has this status: the first failure, who stopped it.
    package var statusDetail: String
    /// The playhead in nanoseconds since the run's start; at `.head` the time of the newest record.
    package var time: Int64
    /// Time of the newest record of the whole run: the right end of a scrub bar.
    package var endTime: Int64
    /// Last completed step at the playhead; 0 before the first.
    package var step: Int
    /// Steps planned, of all setups together.
    package var totalSteps: Int
    /// The newest attempt at the playhead; 0 before the first.
    package var attempt: Int
    /// Those that touch the timeline's window, oldest first.
    package var spans: [SpanRow]
    /// After the last change at or before the playhead; nil where nothing was put in yet.
    package var buffer: BufferRow?
    /// Items in the buffer over the timeline's window.
    package var bufferHistory: [ReducedColumn]
    /// Of those measured in the timeline's window, by device and worker.
    package var devices: [DeviceRow]
    /// Every worker that has reported, the master first.
    package var workers: [WorkerRow]
    /// Those that the query asks for, oldest first.
    package var logs: [LogRow]
    /// Every series of the run with its last value at the playhead, by key.
    package var series: [SeriesRow]
    /// The series the query named, reduced.
    package var curves: [String: Curve]
    /// Those that the run can still be resumed from, oldest first.
    package var checkpoints: [CheckpointRow]
    /// Lifecycle events up to the playhead, oldest first: starts, restarts, failures, stops.
    package var events: [LifecycleRow]
    /// Telemetry records that sources report as dropped.
    package var droppedRecords: Int
    /// What was damaged and left out of this view, a sentence each.
    package var damage: [String]
    /// How long a step of the phase that runs takes; nil before there are enough of them.
    package var pace: StepPace? = nil
    /// What is missing from spans, events and samples because there is too much of it.
    package var cuts = SnapshotCuts()
}
