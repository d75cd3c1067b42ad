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
    package var playhead: Playhead
    /// Nanoseconds of timeline to the left of the playhead. Spans that end before are not read.
    package var timelineWindow: Int64
    /// Series to reduce, by key.
    package var metrics: [String]
    /// Columns each series (and buffer and device history) is reduced to.
    package var columns: Int
    /// Log records up to the playhead, newest last.
    package var logLimit: Int
    package var logLevel: LogLevel
    /// Only this worker's log; nil for all.
    package var logWorker: String?

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

/// One consistent view of a run at one moment: what every screen is drawn from, live or replayed.
package struct RunSnapshot: Sendable, Equatable {
    package var header: RunHeader
    /// The status at the playhead (not `lost`; that takes looking at processes, which a store does not).
    package var status: TrialStatus
    /// Why it has this status: the first failure, who stopped it.
    package var statusDetail: String
    /// The playhead in nanoseconds since the run's start; at `.head` the time of the newest record.
    package var time: Int64
    /// Time of the newest record of the whole run: the right end of a scrub bar.
    package var endTime: Int64
    /// Last completed step at the playhead, and all steps planned.
    package var step: Int
    package var totalSteps: Int
    package var attempt: Int
    package var spans: [SpanRow]
    package var buffer: BufferRow?
    package var bufferHistory: [ReducedColumn]
    package var devices: [DeviceRow]
    package var workers: [WorkerRow]
    package var logs: [LogRow]
    /// Every series of the run with its last value at the playhead, by key.
    package var series: [SeriesRow]
    /// The series the query named, reduced.
    package var curves: [String: Curve]
    package var checkpoints: [CheckpointRow]
    /// Lifecycle events up to the playhead, oldest first: starts, restarts, failures, stops.
    package var events: [LifecycleRow]
    /// Telemetry records that sources report as dropped, and damaged chunks that were left out of this view.
    package var droppedRecords: Int
    package var damage: [String]
    /// How long a step of the phase that runs takes; nil before there are enough of them.
    package var pace: StepPace? = nil
    /// What is missing from spans, events and samples because there is too much of it.
    package var cuts = SnapshotCuts()
}

/// What never changes about a run.
package struct RunHeader: Sendable, Equatable, Codable {
    package var id: TrialID
    /// Wall clock at the run's start, nanoseconds since 1970.
    package var startedWall: Int64
    package var seed: UInt64
    package var totalSteps: Int
    /// The resolved settings, dotted key to text, as frozen in config.yaml.
    package var settings: [String: String]
    /// The workers the trial was planned with, master first.
    package var workers: [String]
    /// Names of the MFCs in dataflow order with their role: the lanes of the timeline.
    package var lanes: [Lane]
    /// The setups with their steps, in order; nil in runs that an older version began.
    package var phases: [Phase]?

    /// One setup of the plan.
    package struct Phase: Sendable, Equatable, Codable {
        package var name: String
        package var steps: Int

        package init(name: String, steps: Int) {
            self.name = name
            self.steps = steps
        }
    }

    package struct Lane: Sendable, Equatable, Codable {
        package var mfc: String
        package var role: String
        package var interfaceType: String
        package var worker: String

        package init(mfc: String, role: String, interfaceType: String, worker: String) {
            self.mfc = mfc
            self.role = role
            self.interfaceType = interfaceType
            self.worker = worker
        }
    }

    package init(
        id: TrialID, startedWall: Int64, seed: UInt64, totalSteps: Int, settings: [String: String], workers: [String],
        lanes: [Lane], phases: [Phase]? = nil
    ) {
        self.id = id
        self.startedWall = startedWall
        self.seed = seed
        self.totalSteps = totalSteps
        self.settings = settings
        self.workers = workers
        self.lanes = lanes
        self.phases = phases
    }

    /// The phase that comes after `step` completed steps: its place among the phases, and its steps. A run without
    /// phases is one.
    package func phase(after step: Int) -> (name: String?, steps: ClosedRange<Int>, isLast: Bool) {
        var first = 1
        let phases = (phases ?? []).filter { $0.steps > 0 }
        for (index, phase) in phases.enumerated() {
            let last = first + phase.steps - 1
            if step < last || index == phases.count - 1 {
                return (phases.count > 1 ? phase.name : nil, first...last, index == phases.count - 1)
            }
            first = last + 1
        }
        return (nil, 1...max(1, totalSteps), true)
    }
}

/// One phase of one model function call on one worker.
package struct SpanRow: Sendable, Equatable {
    package var id: Int64
    package var attempt: Int
    package var worker: String
    package var mfc: String
    /// `main`, `pre-data_transfer`, `post-save`, ...
    package var phase: String
    package var interfaceType: String
    package var role: String
    package var step: Int
    package var start: Int64
    /// nil while it runs (or when its worker died in it).
    package var end: Int64?
    package var sequences: Int
    package var tokens: Int
    package var weightVersion: Int
}

/// The sequence buffer after one change.
package struct BufferRow: Sendable, Equatable {
    package var time: Int64
    package var step: Int
    package var event: String
    package var mfc: String
    package var count: Int
    package var size: Int
    package var capacity: Int
    package var beingRead: Int
    package var ready: [String: Int]
    /// `staleness[k]` items were generated k weight versions ago.
    package var staleness: [Int]
}

/// The newest sample of one device or of one worker process on it, with its utilisation over the window.
package struct DeviceRow: Sendable, Equatable {
    package var device: String
    /// The process measured; empty for the whole device.
    package var worker: String
    package var name: String
    package var time: Int64
    package var utilisation: Double
    package var memoryUsed: Int64
    package var memoryTotal: Int64
    package var temperature: Double
    package var power: Double
    package var history: [ReducedColumn]
}

package struct WorkerRow: Sendable, Equatable {
    package var id: String
    package var state: WorkerState
    package var detail: String
    package var mfc: String
    package var step: Int
    package var pid: Int32
    package var restarts: Int
    package var weightVersion: Int
    /// When it was last heard of; at an earlier playhead, when what is shown here was last news.
    package var time: Int64
}

package struct LogRow: Sendable, Equatable {
    package var id: Int64
    package var time: Int64
    package var worker: String
    package var level: LogLevel
    package var message: String
}

package struct SeriesRow: Sendable, Equatable {
    package var key: String
    package var count: Int
    package var lastStep: Int
    package var lastTime: Int64
    package var last: Double
}

/// Values that fall into one column of a chart. Non-finite values are counted apart and touch nothing else.
package struct ReducedColumn: Sendable, Equatable {
    /// Finite values; 0 for a column nothing falls into.
    package var count: Int
    package var low: Double
    package var high: Double
    package var mean: Double
    package var last: Double
    package var nonFinite: Int

    package init(
        count: Int = 0, low: Double = 0, high: Double = 0, mean: Double = 0, last: Double = 0, nonFinite: Int = 0
    ) {
        self.count = count
        self.low = low
        self.high = high
        self.mean = mean
        self.last = last
        self.nonFinite = nonFinite
    }
}

/// One series reduced to columns over [firstStep, lastStep].
package struct Curve: Sendable, Equatable {
    package var firstStep: Int
    package var lastStep: Int
    package var columns: [ReducedColumn]

    package init(firstStep: Int, lastStep: Int, columns: [ReducedColumn]) {
        self.firstStep = firstStep
        self.lastStep = lastStep
        self.columns = columns
    }
}

package struct CheckpointRow: Sendable, Equatable {
    package var time: Int64
    package var step: Int
    package var role: String
    package var path: String
    package var bytes: Int64
}

package struct LifecycleRow: Sendable, Equatable {
    package var time: Int64
    /// `LifecycleKind.rawValue`, or the status that the trial came into.
    package var kind: String
    package var worker: String
    package var detail: String

    package init(time: Int64, kind: String, worker: String, detail: String) {
        self.time = time
        self.kind = kind
        self.worker = worker
        self.detail = detail
    }

    /// The kind as a word of the program; nil for a change of status, and for what another version wrote.
    package var event: LifecycleKind? { LifecycleKind(stored: kind) }
}

/// Some points of one series, in step order.
package struct MetricPage: Sendable, Equatable {
    package var points: [MetricPoint]
    /// Whether no later point was there.
    package var isLast: Bool
    /// What was damaged and left out, a sentence each.
    package var damage: [String]

    package init(points: [MetricPoint], isLast: Bool, damage: [String]) {
        self.points = points
        self.isLast = isLast
        self.damage = damage
    }
}

/// One point of one series.
package struct MetricPoint: Sendable, Equatable {
    package var step: Int
    package var time: Int64
    package var value: Double

    package init(step: Int, time: Int64, value: Double) {
        self.step = step
        self.time = time
        self.value = value
    }
}
