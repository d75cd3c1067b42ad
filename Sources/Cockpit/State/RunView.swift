import Protocol
import Store

/// One open run: what was read of it and how it is looked at.
struct RunView: Equatable, Sendable {
    let id: TrialID
    /// The newest view; nil until the first answer.
    var snapshot: RunSnapshot? { didSet { rankSeries(after: oldValue) } }
    /// Why the run cannot be read.
    var failure: String?
    /// What the processes of the trial are doing, from the trials list.
    var item: TrialItem?
    var transport = Transport()
    /// The loop's clock when the newest record came in.
    var heardAt: Int64?
    /// Whole seconds, in nanoseconds, for which a run that goes on has recorded nothing; 0 before that is worth saying.
    var silence: Int64 = 0
    /// Moves asked for by keys and not yet answered; the first one is with the reader, the others go on from its answer.
    var moves: [ReplayMove] = []
    var focus: PaneID = .timeline
    /// The focused pane fills the screen.
    var isZoomed = false
    var timeline = TimelineView()
    var charts = ChartsView() { didSet { if charts.filter != oldValue.filter { filterSeries() } } }
    /// The keys of all series, the ones that matter most first.
    private var ranked: [String] = []
    /// The keys of the series to page through: those of `ranked` that pass the charts' filter.
    private(set) var metrics: [String] = []
    var workers = WorkersView()
    var logs = LogsView()
    /// The failure banner was read and put away.
    var dismissedFailure: String?

    init(id: TrialID) { self.id = id }

    /// The status to show: what the store says at the playhead, unless the trial's processes are gone.
    var status: TrialStatus {
        if !transport.isReplay, item?.status == .lost { return .lost }
        return snapshot?.status ?? item?.status ?? .pending
    }

    /// Whether a trial's processes are there to be commanded.
    var isAlive: Bool {
        let live = item?.status ?? snapshot?.status ?? .pending
        return !live.isTerminal
    }

    /// Devices are sampled and heartbeats written every second: longer than this, the orchestrator hangs or cannot write.
    static let recordPatience: Int64 = 5_000_000_000

    /// When the silence of the run must be looked at next; nil where no record is due.
    func nextSilence(now: Int64) -> Int64? {
        guard let heardAt, isRecordDue else { return nil }
        let passed = now - heardAt
        return passed < Self.recordPatience
            ? heardAt + Self.recordPatience : now + 1_000_000_000 - passed % 1_000_000_000
    }

    /// Works out for how long nothing has been recorded.
    mutating func measureSilence(now: Int64) {
        let passed = heardAt.map { now - $0 } ?? 0
        silence = isRecordDue && passed >= Self.recordPatience ? passed / 1_000_000_000 * 1_000_000_000 : 0
    }

    private var isRecordDue: Bool { isAlive && !transport.isReplay && snapshot != nil && snapshot?.status != .pending }

    /// The worker under the cursor.
    var selectedWorker: WorkerRow? {
        let rows = visibleWorkers
        return rows.isEmpty ? nil : rows[min(max(0, workers.selected), rows.count - 1)]
    }

    /// The state of a worker as it is shown: it ended with its orchestrator, and nobody was left to write that down.
    func state(of worker: WorkerRow) -> WorkerState {
        status == .lost && !worker.state.isTerminal ? .stopped : worker.state
    }

    /// The workers that pass the filter, in the run's order.
    var visibleWorkers: [WorkerRow] {
        (snapshot?.workers ?? []).filter {
            Glob.contains("\($0.id) \(state(of: $0).rawValue)", workers.filter.lowercased())
        }
    }

    /// The log lines that pass the filter.
    var visibleLogs: [LogRow] {
        guard let rows = snapshot?.logs else { return [] }
        guard !logs.filter.isEmpty else { return rows }
        let pattern = logs.filter.lowercased()
        return rows.filter { Glob.contains("\($0.worker) \($0.message)".lowercased(), pattern) }
    }

    /// Frames ask for the metrics many times, and runs may have thousands: they are worked out when series appear.
    private mutating func rankSeries(after old: RunSnapshot?) {
        let series = snapshot?.series ?? []
        guard !series.elementsEqual(old?.series ?? [], by: { $0.key == $1.key }) else { return }
        ranked = MetricOrder.ranked(series.map(\.key))
        filterSeries()
    }

    private mutating func filterSeries() {
        let pattern = charts.filter.lowercased()
        metrics = pattern.isEmpty ? ranked : ranked.filter { Glob.contains($0.lowercased(), pattern) }
    }
}

/// One move of the playhead that only the store can work out.
struct ReplayMove: Equatable, Sendable {
    var direction: ReplayDirection
    var stop: ReplayStop

    /// A key held down repeats faster than a disk answers; more than this are not kept.
    static let limit = 16
}

/// How the timeline is looked at.
struct TimelineView: Equatable, Sendable {
    /// Lengths of the window, in seconds.
    static let windows: [Int64] = [1, 2, 5, 10, 20, 40, 60, 120, 300, 600, 1_800, 3_600, 7_200]

    /// Index into `windows`.
    var zoom = 6
    /// Until a person zooms, the window follows the length of a step.
    var isZoomAutomatic = true
    /// The window has followed a step's length once.
    var hasFollowedSteps = false
    /// Nanoseconds between the window's right end and the playhead.
    var offset: Int64 = 0
    /// Shows from the run's start to the playhead.
    var isWhole = false
    var lane = 0
    /// The span under the cursor.
    var span: Int64?
    var showsIdle = true

    /// The window that shows about seven steps of this length. The one in use stays as long as it shows a reasonable
    /// number of steps, so that steps of changing length do not make it jump.
    static func zoom(forStep seconds: Double, current: Int? = nil) -> Int {
        guard seconds.isFinite, seconds > 0 else { return current ?? 6 }
        if let current, windows.indices.contains(current) {
            let shown = Double(windows[current]) / seconds
            if (4...30).contains(shown) { return current }
        }
        return windows.firstIndex { Double($0) >= seconds * 7 } ?? windows.count - 1
    }

    /// Nanoseconds shown, given the playhead.
    func window(at time: Int64) -> Int64 {
        isWhole ? max(1_000_000_000, time) : Self.windows[min(max(0, zoom), Self.windows.count - 1)] * 1_000_000_000
    }
}

/// How the charts are looked at.
struct ChartsView: Equatable, Sendable {
    /// Weights of the moving average, from none.
    static let smoothings: [Double] = [0, 0.5, 0.8, 0.9, 0.95, 0.99]

    /// Index into the ranked metrics.
    var selected = 0
    /// Index into `smoothings`.
    var smoothing = 2
    var isLogarithmic = false
    /// The curve is stretched this many times.
    var zoom = 1
    /// Share of the curve (0 to 1) at the window's right end.
    var end = 1.0
    var filter = ""

    var weight: Double { Self.smoothings[min(max(0, smoothing), Self.smoothings.count - 1)] }
}

/// How the worker table is looked at.
struct WorkersView: Equatable, Sendable {
    var selected = 0
    var filter = ""
}

/// How the log is looked at.
struct LogsView: Equatable, Sendable {
    var level: LogLevel = .info
    /// Only this worker's lines.
    var worker: String?
    var wraps = false
    /// Lines between the newest one and the bottom of the pane; 0 follows.
    var scroll = 0
    var filter = ""
}

/// Orders metric names so that what tells most about a run comes first.
enum MetricOrder {
    private static let first = [
        "reward", "accuracy", "kl_ref", "actor_loss", "loss", "approx_kl", "kl", "entropy", "grad_norm",
        MetricName.tokensPerSecond.rawValue, "clip_ratio", "seq_len",
    ]

    static func ranked(_ keys: [String]) -> [String] {
        keys.map { (rank($0), $0) }.sorted { $0 < $1 }.map(\.1)
    }

    private static func rank(_ key: String) -> Int {
        if key.hasPrefix("timeperf/") { return 900 }
        let name = SeriesName.last(of: key)
        let isHeldOut = key.hasPrefix("eval/") && name != "accuracy"
        if let exact = first.firstIndex(of: name) { return exact * 2 + (isHeldOut ? 1 : 0) }
        if let close = first.firstIndex(where: { Glob.contains(name, $0) }) { return close * 2 + 1 }
        return key.hasPrefix("buffer/") ? 800 : 500
    }
}
