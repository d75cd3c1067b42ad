import Glibc
import Protocol

/// Groups that are mended by themselves: a death brings their own workers down and up again, and nobody else.
extension TrialStateMachine {
    /// How a group that restarts by itself stands.
    struct GroupRecovery: Sendable, Equatable {
        enum Phase: Sendable, Equatable {
            /// With the trial, or again since the moment given.
            case up(since: Int64?)
            /// One has failed, as told, and the others are brought down. Who still lives at `end` is killed, once;
            /// nil: that has been done.
            case leaving(TrialFailure, ranFor: Int64, end: Int64?, isHopeless: Bool)
            /// Nobody lives; the workers start at the time given.
            case waiting(until: Int64)
            case starting
        }

        var phase = Phase.up(since: nil)
        var policy: RestartPolicy
        var restarts = 0
    }

    /// How long one that has reported an error may take to leave by itself.
    private static let lastWords: Int64 = 1_000_000_000

    /// Ready for an attempt: every group comes up with the trial.
    mutating func beginGroups() {
        for name in recoveries.keys { recoveries[name]?.phase = .up(since: nil) }
    }

    /// The group that makes good by itself what happens to `worker`; nil where the trial has to.
    func ownGroup(of worker: WorkerID) -> WorkerGroup? {
        groups.first { $0.restarts == .group && $0.workers.contains(worker) }
    }

    // MARK: - Coming down

    /// The first failure is the reported cause; what follows in the group comes of it.
    mutating func fail(
        _ group: WorkerGroup, by worker: WorkerID, cause: String, detail: String, isHopeless: Bool, now: Int64
    ) -> [TrialAction] {
        guard case .running(let since) = phase, var recovery = recoveries[group.name] else { return [] }
        let ranFor: Int64
        switch recovery.phase {
        case .leaving: return []
        case .up(let restarted): ranFor = now - (restarted ?? since)
        case .waiting, .starting: ranFor = 0
        }
        let failure = TrialFailure(worker: worker, cause: cause, detail: detail)
        recovery.phase = .leaving(failure, ranFor: ranFor, end: now + Self.lastWords, isHopeless: isHopeless)
        recoveries[group.name] = recovery
        let note = TrialAction.note(
            kind: .workerFailed, worker: worker, detail: detail.isEmpty ? cause : "\(cause)\n\(detail)")
        let others = group.workers.filter { $0 != worker && members[$0]?.isAlive == true }
        return [note] + others.map { .signal($0, SIGKILL) } + advanceIfDown(group, now: now)
    }

    /// Whether the worker's group is being brought down, because one of it has failed.
    func leavesWithItsGroup(_ worker: WorkerID) -> Bool {
        guard let group = ownGroup(of: worker), case .leaving = recoveries[group.name]?.phase else { return false }
        return true
    }

    /// Decides how it goes on once nobody of a group that comes down lives.
    mutating func advanceIfDown(_ group: WorkerGroup, now: Int64) -> [TrialAction] {
        guard case .running = phase, var recovery = recoveries[group.name],
            case .leaving(let failure, let ranFor, _, let isHopeless) = recovery.phase,
            !group.workers.contains(where: { members[$0]?.isAlive == true || isBeingSpawned($0) })
        else { return [] }
        let decision =
            isHopeless
            ? .giveUp(reason: "the same would happen again") : recovery.policy.attemptFailed(at: now, ranFor: ranFor)
        switch decision {
        case .restart(let delay):
            recovery.phase = .waiting(until: now + delay)
            recovery.restarts += 1
            recoveries[group.name] = recovery
            let detail = "group \(group.name) in \(delay / 1_000_000) ms"
            return [.note(kind: .restarting, worker: failure.worker, detail: detail)]
                + group.workers.map { move($0, to: .restarting, detail: detail) }
        case .giveUp(let reason):
            recovery.phase = .up(since: nil)
            recoveries[group.name] = recovery
            let detail = [failure.detail, "group \(group.name) is given up: \(reason)"]
            return failAttempt(
                failure.worker, cause: failure.cause, detail: detail.filter { !$0.isEmpty }.joined(separator: "\n"),
                isHopeless: true, now: now)
        }
    }

    // MARK: - Coming up

    /// What is due: workers of which the time to start has come, or the time to leave is over.
    mutating func mendGroups(now: Int64) -> [TrialAction] {
        var actions: [TrialAction] = []
        for group in groups {
            switch recoveries[group.name]?.phase {
            case .waiting(let until) where now >= until:
                recoveries[group.name]?.phase = .starting
                for worker in group.workers {
                    members[worker] = Member(lastHeard: now)
                    actions.append(.spawn(worker, attempt: attempt))
                }
            case .leaving(let failure, let ranFor, let end?, let isHopeless) where now >= end:
                recoveries[group.name]?.phase = .leaving(failure, ranFor: ranFor, end: nil, isHopeless: isHopeless)
                actions += group.workers.filter { members[$0]?.isAlive == true }.map { .signal($0, SIGKILL) }
            default: break
            }
        }
        return actions
    }

    /// The moments at which `mendGroups` has something to do.
    var groupDeadlines: [Int64] {
        recoveries.values.compactMap { recovery in
            switch recovery.phase {
            case .waiting(let until): until
            case .leaving(_, _, let end, _): end
            case .up, .starting: nil
            }
        }
    }

    /// Whether a hello of the worker is expected although the trial runs.
    func startsWithItsGroup(_ worker: WorkerID) -> Bool {
        guard case .running = phase, let group = ownGroup(of: worker) else { return false }
        return recoveries[group.name]?.phase == .starting
    }

    /// Starts a group that comes up again, once its last worker has its configuration.
    mutating func startGroupWhenConfigured(of worker: WorkerID, now: Int64) -> [TrialAction] {
        guard startsWithItsGroup(worker), let group = ownGroup(of: worker),
            group.workers.allSatisfy({ members[$0]?.reached == .configured })
        else { return [] }
        recoveries[group.name]?.phase = .up(since: now)
        return group.workers.map { .tell($0, .start) }
            + [.note(kind: .recovered, worker: worker, detail: "group \(group.name) is up again")]
    }

    private func isBeingSpawned(_ worker: WorkerID) -> Bool {
        members[worker].map { $0.pid == 0 && $0.state == .starting } ?? false
    }
}
