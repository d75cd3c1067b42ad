package import Protocol

/// Where the playhead of a reader stands.
package enum Playhead: Sendable, Equatable {
    /// Follows the newest record.
    case head
    /// Nanoseconds since the run's start; nothing later is shown as having happened.
    case at(Int64)
}

/// What a screen wants to see of a run; everything is bounded, so its cost does not depend on the run's length.
package struct RunQuery: Sendable, Equatable {
    /// The moment that is shown.
    package var playhead: Playhead
    /// Nanoseconds of timeline to the left of the playhead. Spans that end before are not read.
    package var timelineWindow: Int64
    /// Series to reduce, by key.
    package var metrics: [String]
    /// Columns each series (and buffer and device history) is reduced to.
    package var columns: Int
    /// Log records up to the playhead, newest last.
    package var logLimit: Int
    /// Log records below this level are left out.
    package var logLevel: LogLevel
    /// Only this worker's log; nil for all.
    package var logWorker: String?

    /// The newest minute of a run with its last log records, and no curve, unless told otherwise.
    package init(
        playhead: Playhead = .head, timelineWindow: Int64 = 60_000_000_000, metrics: [String] = [], columns: Int = 100,
        logLimit: Int = 200, logLevel: LogLevel = .debug, logWorker: String? = nil
    ) {
        self.playhead = playhead
        self.timelineWindow = timelineWindow
        self.metrics = metrics
        self.columns = columns
        self.logLimit = logLimit
        self.logLevel = logLevel
        self.logWorker = logWorker
    }
}
