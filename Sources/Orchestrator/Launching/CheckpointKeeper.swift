import Foundation
import Glibc
import Protocol

/// Removes the checkpoints of a trial that nothing can need any more, and what a crash left of others.
///
/// Only the orchestrator can: a checkpoint is of use as far as the store holds its step, so older ones go when a newer
/// one's step is acknowledged and not before.
struct CheckpointKeeper {
    /// Of those that a trial can go on from: the newest, and one before it in case that is damaged.
    static let kept = 2
    private static let interval: Int64 = 1_000_000_000

    private let plan: TrialPlan
    private let folder: TrialFolder
    private var seen = -1
    private var lookedAt: Int64 = .min

    init(plan: TrialPlan, folder: TrialFolder) {
        self.plan = plan
        self.folder = folder
    }

    /// Removes what the steps in the store have made useless, when there are new ones.
    mutating func prune(recorded: Int, now: Int64) {
        guard recorded != seen, lookedAt == .min || now - lookedAt >= Self.interval else { return }
        seen = recorded
        lookedAt = now
        removeSuperseded(recorded: recorded)
    }

    /// Leaves what is to be kept and nothing else; called at the end, when no worker lives.
    func settle(recorded: Int) {
        sweep()
        removeSuperseded(recorded: recorded)
    }

    private func removeSuperseded(recorded: Int) {
        let roles = ResumePoint.trainedRoles(of: plan)
        let saved = Dictionary(uniqueKeysWithValues: roles.map { ($0, savedSteps(of: $0)) })
        for (role, steps) in Self.superseded(plan, recorded: recorded, saved: saved) {
            for step in steps { Self.remove(CheckpointPath(folder: folder.checkpoints(of: role), step: step)) }
        }
    }

    /// The steps of each role that can go. What the last step of a setup has left stays for ever: the next setup begins
    /// with it, and it is what the trial was for.
    static func superseded(
        _ plan: TrialPlan, recorded: Int, saved: [ModelRole: Set<Int>]
    ) -> [ModelRole: [Int]] {
        let usable = ResumePoint.candidates(of: plan, recorded: recorded) { saved[$0] ?? [] }.sorted()
        guard usable.count >= kept else { return [:] }
        let oldestKept = usable[usable.count - kept]
        let ends = Set(plan.setups.indices.map { plan.stepsBefore(setup: $0 + 1) })
        return saved.mapValues { $0.filter { $0 < oldestKept && !ends.contains($0) }.sorted() }
    }

    /// Clears what a killed process left half written or half removed; called while no worker lives.
    func sweep() {
        for role in ResumePoint.trainedRoles(of: plan) {
            let path = folder.checkpoints(of: role)
            for name in FolderListing.names(in: path) ?? [] {
                switch CheckpointPath.Leftover(name) {
                case .rubbish: try? FileManager.default.removeItem(atPath: "\(path)/\(name)")
                case .steppedAside(let place):
                    // A crash between two renames: the checkpoint that was to be replaced is the only one of its step.
                    if rename("\(path)/\(name)", "\(path)/\(place)") != 0 {
                        try? FileManager.default.removeItem(atPath: "\(path)/\(name)")
                    }
                case nil: break
                }
            }
        }
    }

    private func savedSteps(of role: ModelRole) -> Set<Int> {
        ResumePoint.savedSteps(in: folder.checkpoints(of: role))
    }

    /// Removes a checkpoint; one that cannot be removed only costs room.
    ///
    /// It gets a hidden name first, in one step: a process that is killed while it removes the files must not leave a
    /// folder that looks like a checkpoint to go on from.
    static func remove(_ path: CheckpointPath) {
        let doomed = path.doomed
        try? FileManager.default.removeItem(atPath: doomed)
        guard rename("\(path)", doomed) == 0 else { return }
        try? FileManager.default.removeItem(atPath: doomed)
    }
}
