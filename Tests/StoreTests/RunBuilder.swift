import Protocol
import TestSupport

@testable import Store

/// A run in a folder of its own, and words to fill it with.
struct RunBuilder {
    let folder = TemporaryFolder()
    let path: String
    let writer: RunWriter

    init(totalSteps: Int = 100, attempt: Int? = 1) throws {
        path = folder.file("run.sqlite")
        writer = try RunWriter.create(path: path, header: try Self.header(totalSteps: totalSteps))
        if let attempt { try writer.beginAttempt(attempt, resumeStep: 0, time: 0, reason: "first") }
    }

    static func header(totalSteps: Int = 100) throws -> RunHeader {
        RunHeader(
            id: TrialID(experiment: try ExperimentName("sft"), trial: try TrialName("first")), startedWall: 1_000_000,
            seed: .max, totalSteps: totalSteps, settings: ["model.layers": "4"],
            workers: ["master_worker/0", "model_worker/0"],
            lanes: [RunHeader.Lane(mfc: "train", role: "actor", interfaceType: "train_step", worker: "model_worker/0")])
    }

    /// Appends one step of the named series and commits.
    func step(_ step: Int, _ values: [(String, Double)], seq: Int, epoch: UInt64 = 1, time: Int64? = nil) throws {
        let outcome = try writer.append(
            Batch.of(seq: seq, epoch: epoch) { $0.metrics = [Batch.block(step, values, time: time)] })
        guard outcome == .accepted(UInt64(seq)) else { throw Refused(outcome: outcome) }
        try writer.commit()
    }

    /// Appends steps 1... of one series in one batch and commits.
    func series(_ key: String, _ values: [Double], seq: Int = 1, epoch: UInt64 = 1, firstStep: Int = 1) throws {
        let batch = Batch.of(seq: seq, epoch: epoch) { batch in
            var block = WireMetricBlock()
            block.names = [key]
            block.rows = values.enumerated().map { Batch.row(firstStep + $0, [$1], time: nil) }
            batch.metrics = [block]
        }
        let outcome = try writer.append(batch)
        guard outcome == .accepted(UInt64(seq)) else { throw Refused(outcome: outcome) }
        try writer.commit()
    }

    func reader() throws -> StoredRun { try StoredRun.open(path: path) }

    /// A copy of the file and its log as a crash would leave them: the writer is neither closed nor asked.
    func crashed(as name: String = "crashed.sqlite") throws -> String {
        let copy = folder.file(name)
        for suffix in ["", "-wal"] { folder.write(try FileBytes.read("\(path)\(suffix)"), to: "\(name)\(suffix)") }
        return copy
    }

    struct Refused: Error {
        let outcome: AppendOutcome
    }
}

extension StoredRun {
    /// All points of a series, read in pages of `limit`.
    func points(of key: String, pages limit: Int = 1000) throws -> [MetricPoint] {
        var points: [MetricPoint] = []
        while true {
            let page = try self.points(of: key, after: points.last?.step ?? -1, limit: limit)
            points += page.points
            if page.isLast { return points }
        }
    }
}

/// Telemetry batches in few words.
enum Batch {
    static let source = "model_worker/0"

    static func of(
        seq: Int, epoch: UInt64 = 1, source: String = source, _ fill: (inout WireTelemetryBatch) -> Void = { _ in }
    ) -> WireTelemetryBatch {
        WireTelemetryBatch.make { batch in
            batch.source = source
            batch.epoch = epoch
            batch.seq = UInt64(seq)
            fill(&batch)
        }
    }

    static func block(_ step: Int, _ values: [(String, Double)], time: Int64? = nil) -> WireMetricBlock {
        var block = WireMetricBlock()
        block.names = values.map(\.0)
        block.rows = [row(step, values.map(\.1), time: time)]
        return block
    }

    /// A row whose time is its step in milliseconds unless said otherwise.
    static func row(_ step: Int, _ values: [Double], time: Int64?) -> WireMetricRow {
        var row = WireMetricRow()
        row.step = UInt64(step)
        row.timeNs = time ?? Int64(step) * 1_000_000
        row.values = values
        return row
    }

    static func span(_ number: Int, mfc: String = "train", start: Int64, end: Int64 = 0, step: Int = 1)
        -> WireSpanRecord
    {
        var span = WireSpanRecord()
        span.number = UInt64(number)
        span.mfc = mfc
        span.phase = "main"
        span.interfaceType = "train_step"
        span.role = "actor"
        span.step = UInt64(step)
        span.startNs = start
        span.endNs = end
        return span
    }

    static func log(_ message: String, level: LogLevel = .info, time: Int64 = 0, worker: String = "") -> WireLogRecord {
        var record = WireLogRecord()
        record.timeNs = time
        record.level = level.rawValue
        record.message = message
        record.worker = worker
        return record
    }

    static func state(_ state: WorkerState, time: Int64, worker: String = source, pid: Int32 = 0)
        -> WireWorkerStateRecord
    {
        var record = WireWorkerStateRecord()
        record.timeNs = time
        record.worker = worker
        record.state = state.rawValue
        record.pid = pid
        return record
    }

    static func checkpoint(_ step: Int, role: String = "actor", time: Int64) -> WireCheckpointRecord {
        var record = WireCheckpointRecord()
        record.timeNs = time
        record.step = UInt64(step)
        record.role = role
        record.path = "checkpoints/\(role)/step-\(step)"
        record.bytes = 1000
        return record
    }
}
