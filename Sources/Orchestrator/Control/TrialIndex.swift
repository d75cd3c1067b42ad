import Glibc
package import Protocol
import Store
import Synchronization

/// The list of trials for somebody who asks again and again: what has not changed is not read again.
///
/// A look at a home where nothing happens costs a few stats: of the catalogue, which every orchestrator writes, and of
/// the folders; records of trials that run are looked at each time. What slips through, such as a record that was
/// written where the catalogue could not be, is found by a look at every record from time to time.
package final class TrialIndex: Sendable {
    private struct State {
        var catalogue: [FileStamp] = []
        var folderStamps: [FileStamp] = []
        var folders: [TrialFolder] = []
        var entries: [TrialID: CatalogEntry] = [:]
        var records: [TrialID: FileStamp] = [:]
        var overviews: [TrialID: TrialOverview] = [:]
        var list: [TrialOverview] = []
        var generation = 0
        var lastWhole: ContinuousClock.Instant?
    }

    private let home: HomeFolder
    private let wholeInterval: Duration
    private let state = Mutex(State())

    package init(home: HomeFolder, wholeInterval: Duration = .seconds(15)) {
        self.home = home
        self.wholeInterval = wholeInterval
    }

    /// Every trial, newest first, and a number that is another one whenever the list is.
    package func all() -> (trials: [TrialOverview], generation: Int) {
        state.withLock { state in
            let catalogue = ["", "-wal"].map { FileStamp("\(home.catalog)\($0)") }
            let isCatalogueNew = catalogue != state.catalogue
            if isCatalogueNew {
                // A catalogue that cannot be read is no reason to hide the trials: their folders say what matters.
                let entries = (try? RunCatalog.read(home: home, .everything)) ?? []
                state.entries = Dictionary(entries.map { ($0.id, $0) }) { _, last in last }
                state.catalogue = catalogue
            }
            let isFolderNew = lookAtFolders(&state)
            let isDue = state.lastWhole.map { $0.duration(to: .now) >= wholeInterval } ?? true
            let isWhole = isCatalogueNew || isFolderNew || isDue
            if isDue { state.lastWhole = .now }
            var isChanged = isFolderNew
            for folder in state.folders {
                let known = state.overviews[folder.id]
                if !isWhole, let known, known.status.isTerminal || known.status == .lost { continue }
                if look(at: folder, known: known, &state) { isChanged = true }
            }
            if isChanged {
                state.list = state.folders.compactMap { state.overviews[$0.id] }.sorted(by: TrialList.isBefore)
                state.generation += 1
            }
            return (state.list, state.generation)
        }
    }

    /// Whether there are other folders than before.
    private func lookAtFolders(_ state: inout State) -> Bool {
        let experiments = Set(state.folders.map(\.id.experiment.description)).sorted()
        let stamps = ([home.trials] + experiments.map { "\(home.trials)/\($0)" }).map { FileStamp($0) }
        guard stamps != state.folderStamps else { return false }
        state.folders = home.trialFolders()
        let found = Set(state.folders.map(\.id.experiment.description)).sorted()
        state.folderStamps = ([home.trials] + found.map { "\(home.trials)/\($0)" }).map { FileStamp($0) }
        let ids = Set(state.folders.map(\.id))
        state.overviews = state.overviews.filter { ids.contains($0.key) }
        return true
    }

    /// Whether what is known of a trial is another now.
    private func look(at folder: TrialFolder, known: TrialOverview?, _ state: inout State) -> Bool {
        let stamp = FileStamp(folder.runFile), entry = state.entries[folder.id]
        let isSame = known != nil && stamp == state.records[folder.id]
        // Without a record only the run itself tells, and whether its writer lives.
        if isSame, let known, known.status.isTerminal, known.matches(entry) { return false }
        state.records[folder.id] = stamp
        let now = TrialList.overview(of: folder, entry: entry)
        state.overviews[folder.id] = now
        return now != known
    }
}

extension TrialOverview {
    /// Whether the catalogue says nothing else than what is known.
    fileprivate func matches(_ entry: CatalogEntry?) -> Bool {
        guard let entry else { return true }
        // A lost trial is told from its run, which is ahead of the catalogue.
        if status == .lost { return entry.updatedWall <= updatedWall }
        return entry.updatedWall == updatedWall && entry.step == step
    }
}
