import Foundation
import Orchestrator
import Protocol
import Store
import Synchronization

/// The dashboard's world: trials of one home folder on this machine.
struct LocalBackend: Backend {
    let home: HomeFolder
    /// Where exported pictures go.
    let exportFolder: String
    private let listed: ListedItems

    init(home: HomeFolder, exportFolder: String) {
        self.home = home
        self.exportFolder = exportFolder
        listed = ListedItems(home: home)
    }

    func trials() throws -> [TrialItem] { listed.items() }

    func open(_ trial: TrialID) throws -> any RunSource { try StoredRun.open(path: home.trial(trial).database) }

    func experiments() throws -> [ExperimentItem] {
        Experiments.all.map { experiment in
            ExperimentItem(
                name: experiment.name, summary: experiment.summary,
                settings: experiment.settings.map { SettingItem($0, home: home) })
        }
    }

    func check(_ draft: LaunchDraft) throws -> TrialPlan { try TrialLauncher.check(request(draft), home: home).plan }

    func launch(_ draft: LaunchDraft) throws -> TrialID { try TrialLauncher.start(request(draft), home: home).id }

    func send(_ command: TrialCommandKind, worker: WorkerID?, to trial: TrialID) throws -> String {
        try TrialControl.send(command, worker: worker, to: trial, home: home)
    }

    func export(_ picture: ExportedPicture) throws -> String {
        let path = "\(exportFolder)/\(picture.name).svg"
        let text = SurfaceSVG.text(of: picture.surface, theme: picture.theme)
        try OutputFile.write(text, to: path)
        return path
    }

    func names(inFolderOf path: String) throws -> [String] {
        let folder = (PathCompletion.folder(of: path) as NSString).expandingTildeInPath
        let manager = FileManager.default
        return try manager.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder).sorted().map { name in
            var isFolder: ObjCBool = false
            _ = manager.fileExists(atPath: "\(folder.isEmpty ? "." : folder)/\(name)", isDirectory: &isFolder)
            return isFolder.boolValue ? "\(name)/" : name
        }
    }

    private func request(_ draft: LaunchDraft) -> LaunchRequest {
        LaunchRequest(
            experiment: draft.experiment, trial: draft.trial, overrides: draft.overrides,
            recoverMode: draft.mode == .resume ? .resume : .disabled)
    }
}

/// The rows of the list, the same array as long as nothing changed: comparing it with itself costs nothing.
private final class ListedItems: Sendable {
    private let index: TrialIndex
    private let known = Mutex<(items: [TrialItem], generation: Int)>(([], 0))

    init(home: HomeFolder) { index = TrialIndex(home: home) }

    func items() -> [TrialItem] {
        let (trials, generation) = index.all()
        return known.withLock { known in
            if known.generation != generation { known = (trials.map(TrialItem.init), generation) }
            return known.items
        }
    }
}

extension TrialItem {
    fileprivate init(_ overview: TrialOverview) {
        self.init(id: overview.id, status: overview.status, statusDetail: overview.statusDetail)
        orchestratorPid = overview.orchestratorPID ?? 0
        runningWorkers = overview.workers.count { $0.state == .running }
        totalWorkers = overview.workers.count
        // A restart is one of all workers.
        restarts = overview.workers.map(\.restarts).max() ?? 0
        step = overview.step
        totalSteps = overview.totalSteps
        startedWall = overview.startedWall
        updatedWall = overview.updatedWall
        last = overview.last
        // What keeps a trial from being stored is told while it lasts, and cannot be in the store.
        if let refusal = overview.refusal {
            notice = refusal.text
        } else if [.running, .paused].contains(overview.status), !overview.statusDetail.isEmpty {
            notice = overview.statusDetail
        }
    }
}

extension SettingItem {
    fileprivate init(_ setting: Setting, home: HomeFolder) {
        self.init(
            path: setting.path, kind: setting.kind, defaultValue: setting.defaultValue, help: setting.help,
            isRequired: setting.isRequired)
        let usual = setting.defaultValue.description, prefix = PathExpansion.homePrefix
        if usual.hasPrefix(prefix) { recordedDefault = "\(home.path)/\(usual.dropFirst(prefix.count))" }
    }
}
