import Protocol

extension WireLogRecord {
    /// A record of the orchestrator itself.
    static func orchestrator(_ level: LogLevel, _ message: String, time: Int64, worker: String = "orchestrator")
        -> WireLogRecord
    {
        var record = WireLogRecord()
        record.timeNs = time
        record.level = level.rawValue
        record.message = message
        record.worker = worker
        return record
    }
}

extension WireWorkerStateRecord {
    init(_ change: WorkerChange, time: Int64) {
        self.init()
        timeNs = time
        worker = change.worker.description
        state = change.state.rawValue
        detail = change.detail
        mfc = change.mfc
        step = UInt64(max(0, change.step))
        pid = change.pid
        restarts = UInt32(max(0, change.restarts))
        weightVersion = UInt64(max(0, change.weightVersion))
    }
}
