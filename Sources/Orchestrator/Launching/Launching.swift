import Foundation
import Glibc
package import Protocol
import Store

/// The surroundings of a launch: where trials live and how paths are meant, with the checks before a start.
package struct Launching: Sendable {
    package let home: HomeFolder
    package let paths: PathExpansion
    package let check: PlanCheck

    package init(home: HomeFolder, paths: PathExpansion, check: PlanCheck) {
        self.home = home
        self.paths = paths
        self.check = check
    }

    /// This process's surroundings.
    package static func current(home: HomeFolder) -> Launching {
        let environment = ProcessInfo.processInfo.environment
        return Launching(
            home: home,
            paths: PathExpansion(
                workingFolder: FileManager.default.currentDirectoryPath,
                userHome: environment["HOME"] ?? HomeFolder.ownHome() ?? "/",
                home: home),
            check: PlanCheck(names: .registered, machine: .current(home: home)))
    }

    /// The settings and the plan of a request; starts nothing, and makes only data the experiment brings.
    ///
    /// The plan is not checked yet: whoever asks says how far.
    package func resolve(_ request: LaunchRequest) throws -> (settings: Settings, plan: TrialPlan) {
        let id = try request.id()
        let experiment = try Experiments.find(request.experiment)
        let settings =
            request.recoverMode == .resume
            ? try frozenSettings(request, experiment: experiment, folder: home.trial(id))
            : try Experiments.resolve(
                experiment, configFile: request.configFile, overrides: request.overrides, paths: paths)
        // What was frozen before is not judged again.
        if request.recoverMode != .resume { try settings.checkEffects() }
        var plan = try experiment.plan(settings, id: id)
        plan.fillThreads(cores: check.machine.cores)
        try experiment.prepare(settings, home: home)
        return (settings, plan)
    }

    /// A resumed trial goes on with what was frozen; what is asked for on top may not differ from it.
    private func frozenSettings(
        _ request: LaunchRequest, experiment: any Experiment, folder: TrialFolder
    ) throws -> Settings {
        guard FolderFiles.exists(folder.database), FolderFiles.exists(folder.configuration) else {
            throw LaunchError(
                .nothingToResume, "there is no trial \(folder.id) to resume",
                hint: "start it with: cockpit start \(LaunchError.flags(folder.id))", exitCode: ExitCode.usage)
        }
        if TrialList.overview(of: folder, entry: nil)?.status == .completed {
            throw LaunchError(
                .alreadyCompleted, "trial \(folder.id) has completed: there is nothing left to resume",
                hint:
                    "replay it with: cockpit replay \(LaunchError.flags(folder.id)); to train on, begin a trial of another "
                    + "name with model.checkpoint=FOLDER, one of those in \(folder.checkpoints)",
                exitCode: ExitCode.usage)
        }
        let frozen = try Experiments.resolve(experiment, configFile: folder.configuration, overrides: [], paths: paths)
        var asked = frozen
        if let file = request.configFile { try SettingsFile.apply(file, to: &asked) }
        try asked.apply(overrides: request.overrides)
        let different = asked.differences(from: frozen)
        guard different.isEmpty else {
            throw LaunchError(
                .frozenDiffers,
                "a resumed trial keeps its configuration; these differ: \(different.joined(separator: ", "))",
                hint: "leave them out, or start a trial of another name", exitCode: ExitCode.usage)
        }
        return frozen
    }

    /// What can be refused before an orchestrator is spawned. It looks at the folder again with the lock held; what the
    /// plan names is opened here and by the workers, not by the orchestrator between them.
    @discardableResult func refuseEarly(
        _ request: LaunchRequest
    ) throws -> (plan: TrialPlan, report: PlanReport) {
        try home.checkOwner()
        let plan = try resolve(request).plan
        let report = try check.verify(plan)
        let folder = home.trial(try request.id())
        if TrialLock.isHeld(folder) { _ = try TrialLock.take(folder) }
        try Self.refuseElsewhere(folder)
        if request.recoverMode == .disabled, request.existing == .refuse, FolderFiles.exists(folder.database) {
            throw Self.existsError(folder.id)
        }
        return (plan, report)
    }

    /// Refuses whatever a start would, and changes nothing.
    @discardableResult func verify(_ request: LaunchRequest) throws -> (plan: TrialPlan, report: PlanReport) {
        let found = try refuseEarly(request)
        if request.recoverMode == .resume, request.changedInputs == .refuse {
            try FrozenInputs.check(found.plan, resumedIn: home.trial(try request.id()))
        }
        return found
    }

    /// A trial that somebody runs must not be run here too, also where a lock says nothing: one does not reach from every
    /// machine to the other, and its file may have been removed.
    static func refuseElsewhere(_ folder: TrialFolder) throws(LaunchError) {
        guard let presence = TrialPresence.observed(in: folder)?.presence, presence != .gone else {
            // Its record and its lock may have been removed together; its sockets lie elsewhere.
            if RuntimeFolder.expected(for: folder).isServed { throw TrialLock.refusal(folder.id, holder: nil) }
            return
        }
        guard case .elsewhere(let host, let quiet) = presence else {
            // It has lost the file of its lock and is about to take it again.
            throw TrialLock.refusal(folder.id, holder: RunRecord.read(folder)?.orchestrator.pid)
        }
        throw LaunchError(
            .alreadyRunning, "trial \(folder.id) is running on \(host), last sign \(quiet) s ago",
            hint: "if \(host) is gone, try again when it has been silent for \(TrialPresence.longestQuiet) s")
    }

    static func existsError(_ id: TrialID) -> LaunchError {
        LaunchError(
            .alreadyExists, "trial \(id) exists already",
            hint:
                "continue it with --recover-mode resume, start it anew with --replace, or choose another name with -f",
            exitCode: ExitCode.usage)
    }
}

extension TrialPlan {
    /// Gives each model worker that asks for no number every core: calls on different workers do not overlap in the
    /// dataflow graphs there are, so the cores are never asked for twice at once.
    mutating func fillThreads(cores: Int) {
        for index in modelWorkers.indices where modelWorkers[index].threads == 0 { modelWorkers[index].threads = cores }
    }
}
