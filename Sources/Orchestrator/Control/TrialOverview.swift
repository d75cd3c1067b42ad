import Glibc
package import Protocol
package import Store

/// A trial as a list shows it.
package struct TrialOverview: Sendable, Equatable {
    package struct Worker: Sendable, Equatable {
        /// `model_worker/0`.
        package var id: String
        package var pid: Int32
        package var state: WorkerState
        package var restarts: Int
    }

    package var id: TrialID
    /// With processes looked at: `lost` when the orchestrator is gone without a word.
    package var status: TrialStatus
    package var statusDetail: String
    /// That nothing is stored, which the run itself cannot tell; nil where storing goes on.
    package var refusal: StoreRefusal?
    /// The host on which it runs, where that is not this one.
    package var elsewhere: String?
    /// The orchestrator's process while it lives here.
    package var orchestratorPID: Int32?
    package var workers: [Worker]
    package var step: Int
    package var totalSteps: Int
    package var attempt: Int
    /// Wall clock at the start, nanoseconds since 1970.
    package var startedWall: Int64
    /// The last value of each series.
    package var last: [String: Double]
    /// Wall clock of the last change, nanoseconds since 1970; 0 when unknown.
    package var updatedWall: Int64 = 0
    /// What of the run is damaged and left out, a sentence each; known where the run was opened.
    package var damage: [String] = []
    /// Why the run could not be read; what the trial's folder says stands here all the same.
    package var fault: StoreError?
}

/// All trials under a home folder, running or not.
package enum TrialList {
    /// Every trial, newest first. Reads the catalogue and one small file a trial; opens a run only where both are
    /// missing and where the trial is lost. Writes nothing.
    /// - Parameter detail: `.states` leaves out workers and last values, and with them most of the work.
    package static func all(home: HomeFolder, _ detail: RunCatalog.Detail = .everything) -> [TrialOverview] {
        // A catalogue that cannot be read is no reason to hide the trials: their folders say what matters.
        let entries = (try? RunCatalog.read(home: home, detail)) ?? []
        let byID = Dictionary(entries.map { ($0.id, $0) }) { _, last in last }
        return home.trialFolders().compactMap { folder in
            let entry = byID[folder.id]
            if detail == .states, let entry, let state = settled(folder, entry) { return state }
            var overview = overview(of: folder, entry: entry)
            // What was moved or copied here is not in the catalogue.
            if entry == nil { overview?.look(into: folder) }
            return overview
        }.sorted(by: isBefore)
    }

    /// Newest first.
    static func isBefore(_ left: TrialOverview, _ right: TrialOverview) -> Bool {
        guard left.startedWall == right.startedWall else { return left.startedWall > right.startedWall }
        return left.id.description > right.id.description
    }

    /// A trial that has ended, from its line in the catalogue alone; nil where its record was written later.
    private static func settled(_ folder: TrialFolder, _ entry: CatalogEntry) -> TrialOverview? {
        guard entry.status.isTerminal, FolderFiles.exists(folder.database) else { return nil }
        var information = stat()
        if stat(folder.runFile, &information) == 0 {
            let written = Int64(information.st_mtim.tv_sec) * 1_000_000_000
            guard written <= entry.updatedWall + 2_000_000_000 else { return nil }
        }
        return TrialOverview(of: entry, in: folder)
    }

    /// One trial, with its newest step and values read from the run itself.
    package static func one(_ id: TrialID, home: HomeFolder) throws -> TrialOverview {
        let folder = home.trial(id)
        guard var overview = overview(of: folder, entry: nil) else {
            // A folder with a run that cannot be read is no trial that does not exist.
            if FolderFiles.exists(folder.database) { _ = try StoredRun.open(path: folder.database) }
            let names = home.trialFolders().map(\.id.description)
            throw ControlError(
                .unknownTrial, "there is no trial \(id).\(Suggestion.phrase(for: id.description, among: names))",
                hint: "list what there is with: cockpit list")
        }
        overview.look(into: folder)
        return overview
    }

    static func overview(of folder: TrialFolder, entry: CatalogEntry?) -> TrialOverview? {
        guard let (record, presence) = TrialPresence.observed(in: folder) else {
            // The catalogue knows most of what the run would tell, a thousand times faster.
            guard let entry, FolderFiles.exists(folder.database) else { return stored(folder) }
            return TrialOverview(of: entry, in: folder).asRecorded(in: folder)
        }
        let isAlive = presence != .gone
        var detail = record.explanation, pid: Int32?, host: String?
        switch presence {
        case .here(let number): pid = number
        case .elsewhere(let name, let quiet):
            host = name
            detail = "on \(name), last sign \(quiet) s ago" + (detail.isEmpty ? "" : "; \(detail)")
        case .gone: break
        }
        let workers = record.workers.map { worker in
            TrialOverview.Worker(
                id: worker.id, pid: pid == nil ? 0 : worker.pid,
                // Workers die with their orchestrator; nobody was left to write that down.
                state: isAlive || worker.state.isTerminal ? worker.state : .stopped, restarts: worker.restarts)
        }
        return TrialOverview(
            id: folder.id, status: record.observedStatus(presence), statusDetail: detail,
            refusal: record.storeRefusal, elsewhere: host,
            orchestratorPID: pid, workers: workers, step: entry?.step ?? 0,
            totalSteps: record.totalSteps, attempt: record.attempt, startedWall: record.startedWall,
            last: entry?.last ?? [:], updatedWall: entry?.updatedWall ?? 0
        ).asRecorded(in: folder)
    }

    /// A trial whose `run.json` is missing: an archive, or one that runs and will write it again.
    private static func stored(_ folder: TrialFolder) -> TrialOverview? {
        guard let snapshot = try? StoredRun.open(path: folder.database).snapshot(RunQuery()) else { return nil }
        let isKnown = snapshot.status.isTerminal || TrialLock.isHeld(folder)
        var overview = TrialOverview(
            id: folder.id, status: isKnown ? snapshot.status : .lost,
            statusDetail: snapshot.statusDetail, orchestratorPID: nil, workers: [], step: 0, totalSteps: 0,
            attempt: snapshot.attempt, startedWall: snapshot.header.startedWall, last: [:])
        overview.workers = snapshot.workers.map {
            TrialOverview.Worker(id: $0.id, pid: 0, state: $0.state, restarts: $0.restarts)
        }
        overview.take(snapshot)
        return overview
    }
}

extension TrialOverview {
    /// Reads the newest step and values from the run itself.
    fileprivate mutating func look(into folder: TrialFolder) {
        do throws(StoreError) {
            take(try StoredRun.open(path: folder.database).snapshot(RunQuery()))
        } catch {
            // A trial that begins has no run yet.
            let isBeginning = [.pending, .starting].contains(status)
            if error.code != .notFound || !isBeginning { fault = error }
        }
    }

    /// From the catalogue alone, which knows no workers.
    fileprivate init(of entry: CatalogEntry, in folder: TrialFolder) {
        let isAlive = !entry.status.isTerminal && TrialLock.isHeld(folder)
        self.init(
            id: entry.id, status: entry.status.isTerminal || isAlive ? entry.status : .lost,
            statusDetail: entry.statusDetail, orchestratorPID: isAlive ? entry.orchestrator?.pid : nil, workers: [],
            step: entry.step, totalSteps: entry.totalSteps, attempt: 0, startedWall: entry.startedWall,
            last: entry.last, updatedWall: entry.updatedWall)
    }

    /// An orchestrator that was killed could not tell the catalogue its last steps: of a lost trial the run knows more.
    fileprivate func asRecorded(in folder: TrialFolder) -> TrialOverview {
        // A run that cannot be read is what the catalogue says, until somebody asks for it alone.
        guard status == .lost, let entry = try? StoredRun.open(path: folder.database).catalogEntry(),
            entry.updatedWall >= updatedWall
        else { return self }
        var recorded = self
        recorded.step = entry.step
        recorded.last = entry.last
        recorded.updatedWall = entry.updatedWall
        return recorded
    }

    fileprivate mutating func take(_ snapshot: RunSnapshot) {
        step = snapshot.step
        totalSteps = snapshot.totalSteps
        damage = snapshot.damage
        last = Dictionary(snapshot.series.map { ($0.key, $0.last) }) { _, last in last }
    }
}
