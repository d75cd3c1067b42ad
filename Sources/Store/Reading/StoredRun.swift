import GRDB
import Glibc
package import Protocol
import Synchronization

/// A run's file, read: while it is written, after it has ended, and from media that cannot be written.
package final class StoredRun: RunSource {
    /// What never changes about the run.
    package let header: RunHeader
    private let file: SQLiteFile
    private let blocks = Mutex(BlockDirectory())
    /// What the way it had to be opened leaves out.
    private let openingDamage: [String]

    private init(header: RunHeader, file: SQLiteFile, openingDamage: [String]) {
        self.header = header
        self.file = file
        self.openingDamage = openingDamage
    }

    /// Opens the run at `path`: `.notFound`, `.damaged`, `.newerSchema` or `.permission` when that cannot be.
    package static func open(path: String) throws(StoreError) -> StoredRun {
        do {
            return try open(path: path, mode: .reading)
        } catch {
            // Reading beside a writer needs the log's index in the same folder; where that cannot be made, nobody can
            // be writing either, and the file is read as it is.
            guard error.code == .permission else { throw error }
            do {
                return try open(path: path, mode: .immutable)
            } catch let second {
                throw second.code == .permission ? error : second
            }
        }
    }

    static func open(path: String, mode: SQLiteFile.Mode) throws(StoreError) -> StoredRun {
        let file = try SQLiteFile(path: path, mode: mode)
        let header = try file.reading { database in
            try SchemaMigrator.run.check(database, path: path)
            return try RunFile.header(database, path: path)
        }
        var damage: [String] = []
        var information = stat()
        if mode == .immutable, stat("\(path)-wal", &information) == 0, information.st_size > 0 {
            damage.append("the write-ahead log cannot be read on this medium: the newest records are missing")
        }
        return StoredRun(header: header, file: file, openingDamage: damage)
    }

    package func changeCounter() throws(StoreError) -> Int64 {
        try file.access { try $0.first("PRAGMA data_version") { $0.int64(0) } ?? 0 }
    }

    package func snapshot(_ query: RunQuery) throws(StoreError) -> RunSnapshot {
        try file.reading { database in
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
        let cuts = SnapshotCuts(
            spansBefore: spans.before, eventsBefore: events.before, samplesBefore: devices.before)
        if checkpoints.damaged > 0 { metrics.note("\(checkpoints.damaged) checkpoint records are damaged") }
        return RunSnapshot(
            header: header, status: status, statusDetail: detail, time: records.time, endTime: endTime,
            step: step, totalSteps: header.totalSteps, attempt: Int(metrics.visibility.current),
            spans: spans.rows, buffer: try records.buffer(), bufferHistory: try records.bufferHistory(),
            devices: devices.rows, workers: workers, logs: try records.logs(), series: series, curves: curves,
            checkpoints: checkpoints.rows, events: events.rows, droppedRecords: try records.droppedRecords(),
            damage: openingDamage + metrics.damage, pace: pace, cuts: cuts)
    }

    package func points(of key: String) throws(StoreError) -> [MetricPoint] {
        try file.reading { database in
            try metrics(database, Visibility.load(database, time: .max)).points(of: key)
        }
    }

    package func logs(
        after id: Int64, limit: Int, level: LogLevel, worker: String?
    ) throws(StoreError) -> [LogRow] {
        let columns = "SELECT id, time, worker, level, message FROM log WHERE id > ? AND level >= ?"
        let bound: [SQLValue] = [.integer(id), .integer(level.rank)]
        let most = SQLValue.integer(min(max(limit, 0), 10_000))
        return try file.reading { database in
            if let worker {
                let sql = "\(columns) AND worker = ? ORDER BY id LIMIT ?"
                return try database.rows(sql, bound + [.text(worker), most], LogQueries.row)
            }
            return try database.rows("\(columns) ORDER BY id LIMIT ?", bound + [most], LogQueries.row)
        }
    }

    package func eventTime(
        _ direction: ReplayDirection, from time: Int64, stop: ReplayStop
    ) throws(StoreError) -> Int64? {
        try file.reading { database in
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
        try file.reading { database in
            let metrics = try metrics(database, Visibility.load(database, time: .max))
            let series = try metrics.lastValues()
            let entry = try database.first(
                "SELECT status, status_detail, end_time, orchestrator_pid, orchestrator_start_ticks FROM run"
            ) { row in
                let orchestrator: ProcessIdentity? =
                    row.isNull(3)
                    ? nil
                    : ProcessIdentity(
                        pid: Int32(truncatingIfNeeded: row.int64(3)), startTicks: UInt64(bitPattern: row.int64(4)))
                return CatalogEntry(
                    id: header.id, status: TrialStatus(rawValue: row.text(0)) ?? .failed, statusDetail: row.text(1),
                    startedWall: header.startedWall, updatedWall: header.startedWall &+ row.int64(2),
                    step: Self.step(series), totalSteps: header.totalSteps, orchestrator: orchestrator,
                    last: Dictionary(series.map { ($0.key, $0.last) }, uniquingKeysWith: { first, _ in first }))
            }
            guard let entry else { throw StoreError(.damaged, path: file.path, detail: "it has no run row") }
            return entry
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
