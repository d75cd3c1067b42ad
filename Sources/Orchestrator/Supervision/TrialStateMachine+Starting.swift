import Glibc
import Protocol

/// From nothing to running: spawn, hello, configure, start.
extension TrialStateMachine {
    mutating func begin(reason: String, now: Int64) -> [TrialAction] {
        phase = .starting
        hitMemoryLimit = false
        members = [:]
        beginGroups()
        var actions = set(.starting, detail: "")
        actions.append(.beginAttempt(attempt, reason: reason))
        for worker in workers {
            members[worker] = Member(lastHeard: now)
            actions.append(.spawn(worker, attempt: attempt))
        }
        return actions
    }

    mutating func spawned(_ worker: WorkerID, pid: Int32, now: Int64) -> [TrialAction] {
        members[worker]?.pid = pid
        members[worker]?.isAlive = true
        members[worker]?.lastHeard = now
        // The attempt may already have failed while this one was being started.
        if case .stopping(let descent) = phase {
            return [change(of: worker)] + act(descent.current.acts, on: [worker])
        }
        let isTooLate = leavesWithItsGroup(worker)
        return [change(of: worker)] + (isTooLate ? [.signal(worker, SIGKILL)] : [])
    }

    /// What stands in the way of a start will do so the next time too: no restart.
    mutating func spawnFailed(
        _ worker: WorkerID, reason: String, _ obstacle: TrialEvent.Obstacle, now: Int64
    ) -> [TrialAction] {
        var actions = [move(worker, to: .failed, detail: reason)]
        // Changed files are one thing, which is told once.
        let isTold = obstacle == .changedInputs && failure?.cause == obstacle.cause
        if !isTold { actions += fail(worker, cause: obstacle.cause, detail: reason, isHopeless: true, now: now) }
        // It may have been the last one that the descent waited for.
        if case .stopping(let descent) = phase { actions += advanceIfDone(descent, now: now) }
        return actions
    }

    mutating func hello(_ worker: WorkerID, attempt: Int, now: Int64) -> [TrialAction] {
        guard isCurrent(worker, attempt), members[worker]?.reached == .starting,
            phase == .starting || startsWithItsGroup(worker)
        else { return [] }
        members[worker]?.lastHeard = now
        return [move(worker, to: .ready), .configure(worker)]
    }

    /// Starts everybody once the last one has its configuration: model workers first, so that the master finds them.
    mutating func startWhenAllConfigured(now: Int64) -> [TrialAction] {
        guard case .starting = phase, workers.allSatisfy({ members[$0]?.reached == .configured }) else { return [] }
        phase = .running(since: now)
        let order = workers.filter { $0.kind != .master } + workers.filter { $0.kind == .master }
        return order.map { .tell($0, .start) } + set(.running)
    }

    /// Words of an older attempt's process, or of one that is already gone, change nothing.
    func isCurrent(_ worker: WorkerID, _ attempt: Int) -> Bool {
        attempt == self.attempt && members[worker]?.isAlive == true
    }
}
