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
        for index in plan.setups.indices.reversed() {
            let setup = plan.setups[index], before = plan.stepsBefore(setup: index)
            let roles = Set(setup.calls.filter { $0.interfaceType == .trainStep }.map(\.model.role))
            guard let first = roles.first else { continue }
            let common = roles.dropFirst().reduce(saved(first)) { $0.intersection(saved($1)) }
            let ofSetup = common.filter { $0 > before && $0 <= min(before + setup.steps, recorded) }
            if let step = ofSetup.max() { return step }
        }
        return 0
    }

    /// The same, looking into the trial's folder.
    static func newest(of plan: TrialPlan, recorded: Int, in folder: TrialFolder) -> Int {
        newest(of: plan, recorded: recorded) { savedSteps(in: folder.checkpoints(of: $0)) }
    }

    /// The last step whose metrics the trial's store holds.
    ///
    /// A store that cannot be read now says nothing about what it holds; 0 begins where nothing can be missing.
    static func recordedStep(in folder: TrialFolder) -> Int {
        let query = RunQuery(timelineWindow: 0, columns: 1, logLimit: 0)
        return (try? StoredRun.open(path: folder.database).snapshot(query).step) ?? 0
    }

    /// Steps whose folder has its manifest, which is written last. What it lists is verified by the worker that loads it.
    static func savedSteps(in folder: String) -> Set<Int> {
        Set(
            (FolderListing.names(in: folder) ?? []).compactMap { name in
                guard let step = Int(name.dropFirst(5)), step > 0, name == "step-\(step)" else { return nil }
                return FolderFiles.exists("\(folder)/\(name)/manifest.json") ? step : nil
            })
    }
}
