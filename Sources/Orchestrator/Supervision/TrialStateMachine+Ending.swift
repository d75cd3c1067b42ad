import Glibc
import Protocol

/// Failing, stopping, completing, and starting over.
extension TrialStateMachine {
    // MARK: - Failing

    /// A worker has failed: its group makes that good, or the attempt comes down.
    /// - Parameters:
    ///   - isHopeless: the same would happen again, so there is no restart.
    ///   - reports: it lives and may still have something to say.
    mutating func fail(
        _ worker: WorkerID, cause: String, detail: String, isHopeless: Bool = false, reports: Bool = false, now: Int64
    ) -> [TrialAction] {
        if let group = ownGroup(of: worker), case .running = phase {
            return fail(group, by: worker, cause: cause, detail: detail, isHopeless: isHopeless, now: now)
        }
        return failAttempt(
            worker, cause: cause, detail: detail, isHopeless: isHopeless, reports: reports, now: now)
    }

    /// The first failure becomes the reported cause and brings the attempt down; later ones are counted.
    mutating func failAttempt(
        _ worker: WorkerID, cause: String, detail: String, isHopeless: Bool = false, reports: Bool = false, now: Int64
    ) -> [TrialAction] {
        let ranFor: Int64
        switch phase {
        case .running(let since): ranFor = now - since
        case .starting: ranFor = 0
        case .stopping(let descent):
            if case .failed = descent.goal, failure?.worker != worker { failure?.later += 1 }
            return failWhileStopping(worker, cause: cause, detail: detail, reports: reports, now: now)
        default:
            return []
        }
        let repeats = ranFor < policy.healthyAfter && isSame(worker, cause, detail)
        sameFailures = repeats ? sameFailures + 1 : 1
        failure = TrialFailure(worker: worker, cause: cause, detail: detail)
        pattern.add(
            FailurePattern.Case(
                worker: worker, cause: cause, mfc: members[worker]?.mfc ?? "", step: members[worker]?.step ?? 0,
                hitMemoryLimit: hitMemoryLimit))
        let note = TrialAction.note(
            kind: .workerFailed, worker: worker, detail: detail.isEmpty ? cause : "\(cause)\n\(detail)")
        let isOver = isHopeless || (reports && sameFailures >= Self.sameFailureLimit)
        return [note]
            + descend(
                by: .collapse(sparing: reports ? worker : nil, now: now),
                goal: .failed(ranFor: ranFor, isHopeless: isOver),
                now: now)
    }

    /// An error that comes back word for word this often is not going to pass by itself.
    private static let sameFailureLimit = 2

    private func isSame(_ worker: WorkerID, _ cause: String, _ detail: String) -> Bool {
        failure?.worker == worker && failure?.cause == cause && failure?.detail == detail
    }

    mutating func exited(
        _ worker: WorkerID, _ attempt: Int, _ status: ExitStatus, tail: [String], now: Int64
    ) -> [TrialAction] {
        guard isCurrent(worker, attempt) else { return [] }
        let reported = members[worker]?.state
        members[worker]?.isAlive = false
        var actions: [TrialAction] = []
        if leavesWithItsGroup(worker) {
            if reported != .failed { actions.append(move(worker, to: .stopped, detail: "its group comes down")) }
        } else if isToldToLeave(worker) {
            if reported != .failed, reported != orderlyEnd || !status.isSuccess {
                actions.append(move(worker, to: orderlyEnd, detail: status.isSuccess ? "" : whyEnded(worker, status)))
            }
        } else if status.isSuccess, !isTooEarly(reported) {
            // Its last message can be lost when it leaves right after; exit status 0 says the same. The master tells
            // model workers that all is done before it leaves itself, so theirs is often the first exit to be seen.
            if reported != .failed { actions.append(move(worker, to: orderlyEnd)) }
            if worker.kind == .master {
                actions += workIsDone(now: now)
            } else if reported != .completed, reported != .failed, case .running = phase {
                members[worker]?.leftInSilence = now
            }
        } else {
            let cause = status.isSuccess ? "left before its work was done" : status.description
            if reported != .failed { actions.append(move(worker, to: .failed, detail: cause)) }
            if failure?.worker != worker || reported != .failed {
                actions += fail(worker, cause: cause, detail: tail.joined(separator: "\n"), now: now)
            }
        }
        if let group = ownGroup(of: worker) { actions += advanceIfDown(group, now: now) }
        if case .stopping(let descent) = phase { actions += advanceIfDone(descent, now: now) }
        return actions
    }

    /// A model worker that left in silence had been told by the master that all is done, and then that says so itself
    /// within seconds; or it deserted, and the others would wait for it for ever.
    mutating func failDeserters(now: Int64) -> [TrialAction] {
        let deserter = workers.first { worker in
            members[worker]?.leftInSilence.map { now - $0 >= Self.masterPatience } ?? false
        }
        guard let deserter else { return [] }
        members[deserter]?.leftInSilence = nil
        let cause = "left before its work was done"
        return [move(deserter, to: .failed, detail: cause)] + fail(deserter, cause: cause, detail: "", now: now)
    }

    /// Whether nobody can have finished by now: the trial has not started, or the worker itself says that it gave up.
    private func isTooEarly(_ reported: WorkerState?) -> Bool {
        if case .starting = phase { return true }
        return reported == .stopped
    }

    /// The master has done all steps.
    mutating func workIsDone(now: Int64) -> [TrialAction] {
        switch phase {
        case .stopping(let descent):
            // It was all done before it could be stopped.
            guard case .stopped = descent.goal else { return [] }
            setGoal(.completed)
            awaited = "its work is done"
            return set(.stopping, detail: awaited)
        case .starting, .running:
            return descend(by: .afterCompletion(silence: stopPolicy.silence), goal: .completed, now: now)
        default: return []
        }
    }

    /// How a worker ends that leaves now without having failed.
    private var orderlyEnd: WorkerState {
        guard case .stopping(let descent) = phase else { return Self.orderlyEnd(in: .completed) }
        return Self.orderlyEnd(in: descent.goal == .completed ? .completed : .stopped)
    }

    /// How workers end that did not fail: as their trial does. They cannot know that themselves: one that the master lets
    /// go has done all it was asked for, also where the trial is stopped.
    private static func orderlyEnd(in trial: TrialStatus) -> WorkerState {
        trial == .completed ? .completed : .stopped
    }

    /// How one ended that was to leave: where that was by our own hand, why.
    private func whyEnded(_ worker: WorkerID, _ status: ExitStatus) -> String {
        guard case .stopping(let descent) = phase, status == .signalled(SIGKILL),
            descent.current.acts.contains(where: { $0.kills(worker) })
        else { return status.description }
        guard case .failed = descent.goal, let failure else { return "killed by the stop" }
        return "ended because \(failure.worker) failed"
    }

    private func isToldToLeave(_ worker: WorkerID) -> Bool {
        guard case .stopping(let descent) = phase else { return false }
        return descent.plan.steps[...descent.step].flatMap(\.acts).contains { act in
            switch act {
            case .tellMaster: worker.kind == .master
            case .tellModelWorkers: worker.kind != .master
            case .saveWholeStep: false
            // Its last words let the model workers go.
            case .hurryMaster, .kill: true
            case .killAllBut(let spared): worker != spared
            }
        }
    }

    // MARK: - Where it leads

    mutating func reach(_ goal: Descent.Goal, now: Int64) -> [TrialAction] {
        switch goal {
        case .completed: return finish(.completed, detail: "")
        case .stopped(let detail): return finish(.stopped, detail: detail)
        case .failed(_, isHopeless: true): return giveUp("the same would happen again")
        case .failed(let ranFor, _): return restartOrGiveUp(ranFor: ranFor, now: now)
        }
    }

    private var failureReport: String { failure?.report ?? "a worker failed" }

    /// The first line stays the cause; what all failures had in common and why there is no further attempt follow.
    private func lastReport(_ reason: String) -> String {
        ([failureReport, pattern.summary] + (pattern.cases.count > 1 ? [reason] : [])).filter { !$0.isEmpty }
            .joined(separator: "\n")
    }

    private mutating func giveUp(_ reason: String) -> [TrialAction] {
        [.note(kind: .gaveUp, worker: failure?.worker, detail: reason)] + finish(.failed, detail: lastReport(reason))
    }

    private mutating func restartOrGiveUp(ranFor: Int64, now: Int64) -> [TrialAction] {
        switch policy.attemptFailed(at: now, ranFor: ranFor) {
        case .giveUp(let reason):
            return giveUp(reason)
        case .restart(let delay):
            phase = .waiting(until: now + delay)
            var actions = set(.starting, detail: failureReport)
            let note = "attempt \(attempt + 1) in \(delay / 1_000_000) ms"
            actions.append(.note(kind: .restarting, worker: failure?.worker, detail: note))
            return actions + workers.map { move($0, to: .restarting, detail: note) }
        }
    }

    mutating func finish(_ status: TrialStatus, detail: String) -> [TrialAction] {
        phase = .ended(status)
        return settleWorkers(as: Self.orderlyEnd(in: status)) + set(status, detail: detail) + [.finish(status)]
    }

    /// What the trial comes to may have changed after a worker had left, and nobody will begin again.
    private mutating func settleWorkers(as end: WorkerState) -> [TrialAction] {
        workers.compactMap { worker in
            guard let member = members[worker], member.state != end,
                [.completed, .stopped, .restarting].contains(member.state)
            else { return nil }
            return move(worker, to: end, detail: member.detail)
        }
    }
}
