package import Protocol
import Store

/// From which step a trial goes on.
package enum ResumePoint {
    /// The newest step for which every role that its setup trains has a checkpoint; 0 when there is none.
    ///
    /// A step whose metrics the store does not hold yet is no place to go on from: the master died before it could send
    /// them, and the curve would have a hole for ever.
    /// - Parameters:
    ///   - recorded: the last step in the store.
    ///   - saved: the steps with a complete checkpoint of a role.
    package static func newest(of plan: TrialPlan, recorded: Int, saved: (ModelRole) -> Set<Int>) -> Int {
        candidates(of: plan, recorded: recorded, saved: saved).max() ?? 0
    }

    /// Every step that the trial could go on from.
    static func candidates(of plan: TrialPlan, recorded: Int, saved: (ModelRole) -> Set<Int>) -> Set<Int> {
        plan.setups.indices.reduce(into: []) { all, index in
            let setup = plan.setups[index], before = plan.stepsBefore(setup: index)
            let roles = trainedRoles(of: setup)
            guard let first = roles.first else { return }
            let common = roles.dropFirst().reduce(saved(first)) { $0.intersection(saved($1)) }
            all.formUnion(common.filter { $0 > before && $0 <= min(before + setup.steps, recorded) })
        }
    }

    static func trainedRoles(of plan: TrialPlan) -> Set<ModelRole> { Set(plan.setups.flatMap(trainedRoles)) }

    private static func trainedRoles(of setup: SetupPlan) -> Set<ModelRole> {
        Set(setup.calls.filter { $0.interfaceType == .trainStep }.map(\.model.role))
    }

    /// The same, looking into the trial's folder.
    static func newest(of plan: TrialPlan, recorded: Int, in folder: TrialFolder) -> Int {
        newest(of: plan, recorded: recorded) { savedSteps(in: folder.checkpoints(of: $0)) }
    }

    /// Where a trial that is asked to resume goes on.
    ///
    /// It never begins anew in silence: where there are checkpoints and the store knows none of their steps, a person says
    /// which way to lose less.
    static func chosen(
        for plan: TrialPlan, recorded: Int, asked: Int?, in folder: TrialFolder
    ) throws(LaunchError) -> Int {
        let all = candidates(of: plan, recorded: .max) { savedSteps(in: folder.checkpoints(of: $0)) }.sorted()
        let steps = all.map(\.description).joined(separator: ", ")
        let resume = "cockpit start \(LaunchError.flags(folder.id)) --recover-mode resume --resume-from"
        if let asked {
            if asked == 0 || all.contains(asked) { return asked }
            throw LaunchError(
                .noCheckpoint, "\(folder.id) has no checkpoint of step \(asked)",
                detail: all.isEmpty ? "It has none at all." : "It has checkpoints of steps \(steps).",
                hint: all.last.map { "go on from \($0) with: \(resume) \($0)" } ?? "begin anew with: \(resume) 0",
                exitCode: ExitCode.usage)
        }
        if let step = all.last(where: { $0 <= recorded }) { return step }
        guard let newest = all.last else {
            let written = writtenSteps(in: folder).map(\.description).joined(separator: ", ")
            if written.isEmpty { return 0 }
            throw LaunchError(
                .noCheckpoint, "no checkpoint of \(folder.id) is there any more",
                detail:
                    "Checkpoints of steps \(written) were saved; no folder in \(folder.checkpoints) has its manifest.",
                hint: "put one of them back, or begin anew with: \(resume) 0", exitCode: ExitCode.failure)
        }
        throw LaunchError(
            .noCheckpoint, "no checkpoint of \(folder.id) fits what its store holds",
            detail: "The store ends with step \(recorded); there are checkpoints of steps \(steps).",
            hint: "go on from one of them, with a gap in the curves: \(resume) \(newest); or begin anew: \(resume) 0",
            exitCode: ExitCode.failure)
    }

    /// The last step whose metrics the trial's store holds.
    ///
    /// A store that cannot be read now says nothing about what it holds; 0 begins where nothing can be missing.
    static func recordedStep(in folder: TrialFolder) -> Int {
        let query = RunQuery(timelineWindow: 0, columns: 1, logLimit: 0)
        return (try? StoredRun.open(path: folder.database).snapshot(query).step) ?? 0
    }

    /// The newest steps that were saved once, as the store knows them; ten at most.
    private static func writtenSteps(in folder: TrialFolder) -> [Int] {
        let query = RunQuery(timelineWindow: 0, columns: 1, logLimit: 0)
        let rows = (try? StoredRun.open(path: folder.database).snapshot(query).checkpoints) ?? []
        return Set(rows.map(\.step)).sorted().suffix(10)
    }

    /// The newest time that the trial's store holds, nanoseconds since its start; 0 where it cannot be read.
    static func lastStoredTime(in folder: TrialFolder) -> Int64 {
        let query = RunQuery(timelineWindow: 0, columns: 1, logLimit: 0)
        return (try? StoredRun.open(path: folder.database).snapshot(query).endTime) ?? 0
    }

    /// Steps whose folder has its manifest, which is written last. What it lists is verified by the worker that loads it.
    static func savedSteps(in folder: String) -> Set<Int> {
        Set(
            CheckpointPath.steps(in: folder).filter { step in
                step > 0 && FolderFiles.exists("\(CheckpointPath(folder: folder, step: step))/manifest.json")
            })
    }
}
