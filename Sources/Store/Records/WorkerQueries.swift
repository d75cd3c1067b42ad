import GRDB
import Protocol

/// Worker states, now and then.
enum WorkerQueries {
    static let current = "SELECT \(RecordTable.worker.list) FROM worker ORDER BY id"
    /// The state one worker had at a time.
    static let atTime = """
        SELECT \(RecordTable.workerEvent.list) FROM worker_event WHERE worker = ? AND time <= ?
        ORDER BY time DESC, id DESC LIMIT 1
        """

    /// A row of either; nil when it is damaged. Both tables have the same columns.
    static func row(_ row: SQLStatement) -> WorkerRow? {
        guard RecordTable.worker.isSound(row) else { return nil }
        return WorkerRow(
            id: row.text(0), state: WorkerState(rawValue: row.text(2)) ?? .failed, detail: row.text(3),
            mfc: row.text(4), step: row.int(5), pid: Int32(truncatingIfNeeded: row.int64(6)), restarts: row.int(7),
            weightVersion: row.int(8), time: row.int64(1))
    }

    /// Master first, then by number: the order every list of workers is shown in.
    static func sorted(_ workers: [WorkerRow]) -> [WorkerRow] {
        workers.sorted { left, right in
            switch (WorkerID(left.id), WorkerID(right.id)) {
            case (let left?, let right?): left < right
            case (nil, .some): false
            case (.some, nil): true
            case (nil, nil): left.id < right.id
            }
        }
    }
}
