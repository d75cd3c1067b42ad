import GRDB
package import Protocol
import Synchronization

/// A run's file, read: while it is written, after it has ended, and from media that cannot be written.
package final class StoredRun: RunSource {
    /// What never changes about the run.
    package let header: RunHeader
    private let opened: Mutex<Opened>
    private let blocks = Mutex(BlockDirectory())

    /// The connection of the moment, and how many there have been.
    private struct Opened {
        var opening: RunOpening
        var generation: Int64 = 0
    }

    private init(header: RunHeader, opening: RunOpening) {
        self.header = header
        opened = Mutex(Opened(opening: opening))
    }

    /// Opens the run at `path`: `.notFound`, `.damaged`, `.newerSchema` or `.permission` when that cannot be.
    package static func open(path: String) throws(StoreError) -> StoredRun {
        try StoredRun(opening: RunOpening.open(path))
    }

    static func open(path: String, mode: SQLiteFile.Mode) throws(StoreError) -> StoredRun {
        try StoredRun(opening: RunOpening.open(path, mode: mode))
    }

    private convenience init(opening: RunOpening) throws(StoreError) {
        let header = try opening.reading { try RunFile.header($0, path: opening.file.path) }
        self.init(header: header, opening: opening)
    }

    /// The connection to read by; a run that was at rest when it was opened may have been taken up again.
    private func current() throws(StoreError) -> Opened {
        let known = opened.withLock { $0 }
        guard known.opening.isOutdated else { return known }
        let fresh = Opened(
            opening: try RunOpening.open(known.opening.file.path), generation: known.generation + 1)
        opened.withLock { $0 = fresh }
        return fresh
    }

    private func reading<T>(_ body: (Database) throws -> T) throws(StoreError) -> T {
        try current().opening.reading(body)
    }

    private var openingDamage: [String] { opened.withLock { $0.opening.damage } }

    package func changeCounter() throws(StoreError) -> Int64 {
        let current = try current()
        let version = try current.opening.file.access { try $0.first("PRAGMA data_version") { $0.int64(0) } ?? 0 }
        return current.generation << 32 + version
    }

    package func snapshot(_ query: RunQuery) throws(StoreError) -> RunSnapshot {
        try reading { database in
            let endTime = try database.first("SELECT end_time FROM run") { $0.int64(0) } ?? 0
            let limit: Int64
            let time: Int64
            switch query.playhead {
            case .head: (limit, time) = (.max, endTime)
            case .at(let moment): (limit, time) = (max(0, moment), max(0, moment))
            }
            let visibility = try Visibility.load(database, time: limit)
            let metrics = try metrics(database, visibility)
            let records = RecordReader(database: database, visibility: visibility, time: time, query: query)
            return try snapshot(query, metrics: metrics, records: records, endTime: endTime)
        }
    }

    private func snapshot(
        _ query: RunQuery, metrics: MetricReader, records: RecordReader, endTime: Int64
    ) throws -> RunSnapshot {
        var curves: [String: Curve] = [:]
        for key in query.metrics.prefix(64) { curves[key] = try metrics.curve(of: key, columns: query.boundedColumns) }
        let series = try metrics.lastValues()
        let workers = try records.workers()
        let checkpoints = try records.checkpoints()
        let (status, detail) = try records.status()
        let known = Set(header.workers).union(workers.map(\.id)).sorted()
        let step = Self.step(series)
        let pace = StepPace(
            try metrics.recentSteps(StepPace.window), since: header.phase(after: step).steps.lowerBound)
        let spans = try records.spans(workers: known), events = try records.events(), devices = try records.devices()
        let sizes = try records.bufferHistory()
        let cut = CutSpans(
            workers: workers, events: events.rows, visibility: metrics.visibility, status: status, time: records.time)
        let cuts = SnapshotCuts(
            spansBefore: spans.before, eventsBefore: events.before, samplesBefore: devices.before,
            bufferBefore: sizes.before)
        if checkpoints.damaged > 0 { metrics.note("\(checkpoints.damaged) checkpoint records are damaged") }
        if let own = try RunState.damage(metrics.database) { metrics.note(own) }
        var snapshot = RunSnapshot(
            header: header, status: status, statusDetail: detail, time: records.time, endTime: endTime,
            step: step, totalSteps: header.totalSteps, attempt: Int(metrics.visibility.current),
            spans: cut(spans.rows), buffer: try records.buffer(), bufferHistory: sizes.rows,
            devices: devices.rows, workers: workers, logs: try records.logs(), series: series, curves: curves,
            checkpoints: checkpoints.rows, events: events.rows, droppedRecords: try records.droppedRecords(),
            damage: openingDamage + metrics.damage, pace: pace, cuts: cuts)
        snapshot.damage += records.damaged.sentences
        return snapshot
    }

    package func points(of key: String, after step: Int, limit: Int) throws(StoreError) -> MetricPage {
        try reading { database in
            let reader = try metrics(database, Visibility.load(database, time: .max))
            let (points, isLast) = try reader.page(of: key, after: Int64(step), limit: limit)
            return MetricPage(points: points, isLast: isLast, damage: openingDamage + reader.damage)
        }
    }

    package func logs(
        after id: Int64, limit: Int, level: LogLevel, worker: String?
    ) throws(StoreError) -> [LogRow] {
        let columns = "SELECT \(RecordTable.log.list), id FROM log WHERE id > ? AND level >= ?"
        let bound: [SQLValue] = [.integer(id), .integer(level.rank)]
        let most = SQLValue.integer(min(max(limit, 0), 10_000))
        return try reading { database in
            let rest = worker == nil ? "ORDER BY id LIMIT ?" : "AND worker = ? ORDER BY id LIMIT ?"
            let values = bound + (worker.map { [.text($0)] } ?? []) + [most]
            return try database.rows("\(columns) \(rest)", values) { row in
                RecordTable.log.isSound(row) ? LogQueries.row(row) : nil
            }.compactMap { $0 }
        }
    }

    package func eventTime(
        _ direction: ReplayDirection, from time: Int64, stop: ReplayStop
    ) throws(StoreError) -> Int64? {
        try reading { database in
            if stop == .step {
                return try metrics(database, Visibility.load(database, time: .max)).stepTime(direction, from: time)
            }
            let isForward = direction == .forward
            let sides = [("span", "start"), ("worker_event", "time"), ("lifecycle", "time")]
            let times = try sides.compactMap { table, column -> Int64? in
                let sql =
                    isForward
                    ? "SELECT MIN(\(column)) FROM \(table) WHERE \(column) > ?"
                    : "SELECT MAX(\(column)) FROM \(table) WHERE \(column) < ?"
                return try database.first(sql, [.integer(time)]) { $0.isNull(0) ? nil : $0.int64(0) } ?? nil
            }
            return isForward ? times.min() : times.max()
        }
    }

    /// What a list of trials shows of this run.
    package func catalogEntry() throws(StoreError) -> CatalogEntry {
        try reading { database in
            let metrics = try metrics(database, Visibility.load(database, time: .max))
            let series = try metrics.lastValues()
            guard let state = try RunState.load(database) else {
                throw StoreError(.damaged, path: opened.withLock { $0.opening.file.path }, detail: "it has no run row")
            }
            return CatalogEntry(
                id: header.id, status: state.status, statusDetail: state.detail, startedWall: header.startedWall,
                updatedWall: header.startedWall &+ state.endTime, step: Self.step(series),
                totalSteps: header.totalSteps, orchestrator: state.orchestrator,
                last: Dictionary(series.map { ($0.key, $0.last) }, uniquingKeysWith: { first, _ in first }))
        }
    }

    private func metrics(_ database: Database, _ visibility: Visibility) throws -> MetricReader {
        let blocks = try blocks.withLock { blocks in
            try blocks.update(database)
            return blocks
        }
        return try MetricReader(database, visibility: visibility, blocks: blocks)
    }

    /// The last completed step: the master's own record of it, or the newest of any series where there is none.
    private static func step(_ series: [SeriesRow]) -> Int {
        if let completed = series.first(where: { $0.key == MetricReader.stepSeries }) { return completed.lastStep }
        return series.map(\.lastStep).max() ?? 0
    }
}
