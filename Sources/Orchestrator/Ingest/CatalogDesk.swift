import Protocol
import Store

/// Says when the trial's line in the catalogue is to be written: at once when the status changes, once a second for the
/// rest.
///
/// The catalogue can be rebuilt from the trials, so a line that cannot be written is no failure of the trial.
struct CatalogDesk {
    private let put: (CatalogEntry) -> Void
    private var entry: CatalogEntry
    private var isStatusNew = true
    private var lastUpdate: Int64 = 0
    private static let interval: Int64 = 1_000_000_000

    /// - Parameter put: takes a line to be written; must not wait.
    init(entry: CatalogEntry, put: @escaping (CatalogEntry) -> Void) {
        self.put = put
        self.entry = entry
    }

    mutating func status(_ status: TrialStatus, detail: String) {
        entry.status = status
        entry.statusDetail = detail
        if status.isTerminal { entry.orchestrator = nil }
        isStatusNew = true
    }

    /// When the next update is due.
    func deadline(_ tally: ProgressTally) -> Int64? {
        tally.isChanged ? lastUpdate + Self.interval : nil
    }

    /// Writes the line if it is due. `now` = `.max` writes it in any case.
    mutating func update(tally: inout ProgressTally, now: Int64) {
        guard isStatusNew || (tally.isChanged && now - lastUpdate >= Self.interval) else { return }
        entry.step = tally.step
        entry.last = tally.last
        entry.updatedWall = RunClock.wallNanoseconds()
        isStatusNew = false
        lastUpdate = now
        tally.reported()
        put(entry)
    }
}
