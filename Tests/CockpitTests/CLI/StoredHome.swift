import Foundation
import Protocol
import TestSupport

@testable import Store

/// A home folder with trials as training leaves them behind, written by the store's own writer.
struct StoredHome {
    static let second: Int64 = 1_000_000_000
    /// 2026-11-19 09:00:00 UTC.
    static let started: Int64 = 1_795_078_800 * second

    let folder = TestSupport.TemporaryFolder()

    var home: HomeFolder { HomeFolder(path: folder.file("home")) }
    var program: CockpitProgram { CockpitProgram(home: home.path, extraEnvironment: ["TZ": "UTC"]) }

    static func id(_ trial: String, experiment: String = "sft") throws -> TrialID {
        TrialID(experiment: try ExperimentName(experiment), trial: try TrialName(trial))
    }

    /// Writes a trial of `losses.count` steps, a second each, that ended with a status.
    @discardableResult
    func add(
        _ trial: String, losses: [Double] = [3, 2.5, 2], totalSteps: Int = 3, status: TrialStatus = .completed,
        detail: String = "", startedWall: Int64 = started, logs: [WireLogRecord] = Self.logs
    ) throws -> TrialID {
        let id = try Self.id(trial)
        let writer = try RunWriter.create(
            home.trial(id),
            header: RunHeader(
                id: id, startedWall: startedWall, seed: 1, totalSteps: totalSteps, settings: ["sft.steps": "3"],
                workers: ["master_worker/0", "model_worker/0"],
                lanes: [
                    RunHeader.Lane(
                        mfc: "sft_train", role: "actor", interfaceType: "train_step", worker: "model_worker/0")
                ]))
        try writer.beginAttempt(1, resumeStep: 0, time: 0, reason: "started")
        _ = try writer.append(Self.batch(losses: losses, logs: logs))
        try writer.append(local: LocalRecords(states: [Self.state("master_worker/0"), Self.state("model_worker/0")]))
        try writer.commit()
        let end = Int64(losses.count) * Self.second
        try writer.setStatus(status, detail: detail, time: end, orchestrator: nil)
        try writer.close()
        return id
    }

    /// Runs SQL on a trial's database, as an accident or another program could.
    func damage(_ id: TrialID, _ sql: String) throws {
        let file = try SQLiteFile(path: home.trial(id).database, mode: .writing)
        try file.access { try $0.run(sql) }
        try file.close()
    }

    static let logs = [
        log("loaded 3 rows", .debug, at: 0), log("step 1 done", .info, at: 1),
        log("a long answer was cut", .warning, at: 2, worker: "master_worker/0"), log("loss is odd", .error, at: 3),
    ]

    static func log(_ text: String, _ level: LogLevel, at seconds: Int64, worker: String = "model_worker/0")
        -> WireLogRecord
    {
        var record = WireLogRecord()
        record.timeNs = seconds * second
        record.level = level.rawValue
        record.message = text
        record.worker = worker
        return record
    }

    private static func batch(losses: [Double], logs: [WireLogRecord]) -> WireTelemetryBatch {
        WireTelemetryBatch.make { batch in
            batch.source = "model_worker/0"
            batch.epoch = 1
            batch.seq = 1
            var block = WireMetricBlock()
            block.names = ["sft/loss", "tokens_per_second"]
            block.rows = losses.enumerated().map { index, loss in
                var row = WireMetricRow()
                row.step = UInt64(index + 1)
                row.timeNs = Int64(index + 1) * second
                row.values = [loss, 1234.5]
                return row
            }
            batch.metrics = [block]
            batch.spans = losses.indices.map { index in
                var span = WireSpanRecord()
                span.number = UInt64(index + 1)
                span.mfc = "sft_train"
                span.phase = "main"
                span.interfaceType = "train_step"
                span.role = "actor"
                span.step = UInt64(index + 1)
                span.startNs = Int64(index) * second
                span.endNs = Int64(index + 1) * second
                return span
            }
            batch.logs = logs
        }
    }

    private static func state(_ worker: String) -> WireWorkerStateRecord {
        var record = WireWorkerStateRecord()
        record.worker = worker
        record.state = WorkerState.completed.rawValue
        record.pid = 4_101
        return record
    }
}

/// The keys of JSON objects and their values, for shapes that the documentation promises.
enum JSONShape {
    static func object(_ text: String) throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
    }

    static func array(_ text: String) throws -> [Any] {
        try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [Any] ?? []
    }

    static func keys(_ value: Any?) -> Set<String> { Set((value as? [String: Any] ?? [:]).keys) }
}
