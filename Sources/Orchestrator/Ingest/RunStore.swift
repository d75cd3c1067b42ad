package import Protocol
package import Store

/// What the ingest needs of the run's one writer; a test replaces it by one whose disk is full on demand.
///
/// When an append or a commit throws, nothing since the last commit is stored: senders still hold their batches. The
/// orchestrator's own records are kept by the writer and stored with its next transaction.
package protocol RunStore: AnyObject {
    var header: RunHeader { get }
    func attempt() throws(StoreError) -> Int
    func append(_ batch: WireTelemetryBatch) throws(StoreError) -> AppendOutcome
    func append(local records: LocalRecords) throws(StoreError)
    func beginAttempt(_ attempt: Int, resumeStep: Int, time: Int64, reason: String) throws(StoreError)
    func setStatus(
        _ status: TrialStatus, detail: String, time: Int64, orchestrator: ProcessIdentity?) throws(StoreError)
    func commit() throws(StoreError)
    /// What happened to the file since this was last asked, for the person it belongs to.
    func takeNotices() -> [String]
    func close() throws(StoreError)
}

extension RunWriter: RunStore {}
