import Glibc
package import Protocol

/// A trial that may start: checked, locked, its configuration frozen.
package struct PreparedTrial {
    package let request: LaunchRequest
    package let folder: TrialFolder
    package let settings: Settings
    package let plan: TrialPlan
    package let lock: TrialLock
    /// Whether a run exists that this continues.
    package let isResumed: Bool
    /// The files that it reads.
    let inputs: FrozenInputs
    /// What its inputs have become since it began, where the request accepts that.
    package let acceptedChanges: [String]

    /// Checks the request and takes the trial's folder. What only shows where files are opened has been refused before
    /// (`Launching.refuseEarly`).
    package static func prepare(_ request: LaunchRequest, launching: Launching) throws -> PreparedTrial {
        try launching.home.checkOwner()
        let folder = launching.home.trial(try request.id())
        let resolved = try launching.resolve(request)
        try launching.check.verifyStructure(resolved.plan)
        var plan = resolved.plan
        try FolderFiles.makeFolder(folder.path)
        try Launching.refuseElsewhere(folder)
        let lock = try TrialLock.take(folder)
        try makeRoom(for: request, in: folder)
        for path in [folder.logs, folder.checkpoints, launching.home.data] { try FolderFiles.makeFolder(path) }
        let isResumed = request.recoverMode == .resume
        if !isResumed {
            let text = configurationText(of: resolved.settings, folder)
            try FolderFiles.replace(folder.configuration, with: Array(text.utf8))
        }
        let settled = try FrozenInputs.settle(
            &plan, in: folder, isResumed: isResumed, changed: request.changedInputs)
        return PreparedTrial(
            request: request, folder: folder, settings: resolved.settings, plan: plan, lock: lock, isResumed: isResumed,
            inputs: settled.inputs, acceptedChanges: settled.accepted)
    }

    /// Looks whether the folder is still this trial's, and puts back what was removed of its lock, its configuration and
    /// what is known of its inputs.
    func renewFolder() -> TrialLock.Standing {
        let standing = lock.renew(in: folder)
        guard standing != .lost else { return standing }
        // A place that cannot be written now is tried again at the next look.
        if !FolderFiles.exists(folder.configuration) {
            try? FolderFiles.replace(
                folder.configuration, with: Array(Self.configurationText(of: settings, folder).utf8))
        }
        if !FolderFiles.exists(folder.inputs) { try? inputs.write(folder) }
        return standing
    }

    private static func configurationText(of settings: Settings, _ folder: TrialFolder) -> String {
        SettingsFile.text(of: settings, title: "cockpit trial \(folder.id)", home: folder.home)
    }

    /// Why its first attempt begins, as the run records it.
    var startReason: String {
        guard isResumed else { return "started" }
        if acceptedChanges.isEmpty { return "resumed" }
        return "resumed with changed inputs: \(acceptedChanges.joined(separator: "; "))"
    }

    /// Refuses a folder that holds a run, or clears it, as the request says. To be called with the lock held.
    private static func makeRoom(for request: LaunchRequest, in folder: TrialFolder) throws(LaunchError) {
        guard request.recoverMode == .disabled else { return }
        if request.existing == .replace { return try FolderFiles.empty(folder.path, keeping: ["lock", "logs"]) }
        if FolderFiles.exists(folder.database) { throw Launching.existsError(folder.id) }
        // Weights that another run left must never become this one's.
        let roles = FolderListing.names(in: folder.checkpoints) ?? []
        let isEmpty = roles.allSatisfy { (FolderListing.names(in: "\(folder.checkpoints)/\($0)") ?? []).isEmpty }
        guard isEmpty else {
            throw LaunchError(
                .foreignCheckpoints, "\(folder.checkpoints) holds checkpoints, but no run of them is there",
                detail: "A new trial would mix them with its own.",
                hint: "move them away, remove them with --replace, or choose another name with -f",
                exitCode: ExitCode.usage)
        }
    }
}
