import Protocol
import Store

/// Turns what the state machine decides into records for the store and `run.json`. Nothing here blocks.
struct TrialRecorder {
    private let queue: IngestQueue
    private let clock: RunClock
    private var record: RunRecord
    /// The end of the trial: stored after the workers' last words.
    private var last: [IngestQueue.Entry] = []

    init(queue: IngestQueue, clock: RunClock, record: RunRecord) {
        self.queue = queue
        self.clock = clock
        self.record = record
    }

    mutating func beginAttempt(_ attempt: Int, resumeStep: Int, reason: String) {
        queue.put(.attempt(attempt, resumeStep: resumeStep, time: clock.now(), reason: reason))
        if attempt > 1 { tell("attempt \(attempt) goes on from step \(resumeStep): \(reason)") }
        record.attempt = attempt
        queue.put(record)
    }

    mutating func setStatus(_ status: TrialStatus, detail: String) {
        Diagnostics.write("status \(status.rawValue)\(detail.isEmpty ? "" : ": \(detail)")")
        let entry = IngestQueue.Entry.status(status, detail: detail, time: clock.now())
        if status.isTerminal { last.append(entry) } else { queue.put(entry) }
        // What a stop waits for is a status again and again, and of a status only the last is looked up.
        if status == .stopping, !detail.isEmpty { tell("stopping: \(detail)") }
        record.status = status
        record.statusDetail = detail
        // Who reads that a trial has ended expects its last rows in the store, so that record waits for them.
        if !status.isTerminal { queue.put(record) }
    }

    mutating func change(_ change: WorkerChange) {
        queue.put(.records(LocalRecords(states: [WireWorkerStateRecord(change, time: clock.now() - change.silence)])))
        // A heartbeat changes nothing that other processes look for.
        let before = record.workers
        if let index = record.workers.firstIndex(where: { $0.id == change.worker.description }) {
            record.workers[index].pid = change.pid
            record.workers[index].state = change.state
            record.workers[index].restarts = change.restarts
        }
        if !record.status.isTerminal, record.workers != before { queue.put(record) }
    }

    func note(kind: LifecycleKind, worker: WorkerID?, detail: String) {
        let told = "\(kind.words): \(detail)"
        Diagnostics.write(worker.map { "\($0) \(told)" } ?? told)
        let row = LifecycleRow(
            time: clock.now(), kind: kind.rawValue, worker: worker?.description ?? "", detail: detail)
        let who = worker?.description ?? "orchestrator"
        let log = WireLogRecord.orchestrator(kind.level, told, time: clock.now(), worker: who)
        queue.put(.records(LocalRecords(logs: [log], lifecycle: [row])))
    }

    func log(_ level: LogLevel, _ message: String) {
        Diagnostics.write(message)
        tell(message, level)
    }

    private func tell(_ message: String, _ level: LogLevel = .info) {
        queue.put(.records(LocalRecords(logs: [.orchestrator(level, message, time: clock.now())])))
    }

    /// Somebody removed `run.json`: it is written again as it was.
    func rewrite() { if !record.status.isTerminal { queue.put(record) } }

    /// Hands over the end of the trial.
    func close() { queue.close(last, record: record) }
}
