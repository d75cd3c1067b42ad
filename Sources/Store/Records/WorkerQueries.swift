import GRDB
import Protocol

/// Worker states, now and then.
enum WorkerQueries {
    private static let columns = "state, detail, mfc, step, pid, restarts, weight_version, time"

    static let current = "SELECT id, \(columns) FROM worker ORDER BY id"
    /// The state one worker had at a time.
    static let atTime = """
        SELECT worker, \(columns) FROM worker_event WHERE worker = ? AND time <= ? ORDER BY time DESC, id DESC LIMIT 1
        """

    static func row(_ row: SQLStatement) -> WorkerRow {
        WorkerRow(
            id: row.text(0), state: WorkerState(rawValue: row.text(1)) ?? .failed, detail: row.text(2),
            mfc: row.text(3),
            step: row.int(4), pid: Int32(truncatingIfNeeded: row.int64(5)), restarts: row.int(6),
            weightVersion: row.int(7), time: row.int64(8))
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
