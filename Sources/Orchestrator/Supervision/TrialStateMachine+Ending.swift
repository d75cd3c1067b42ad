import Glibc
import Protocol

/// Failing, stopping, completing, and starting over.
extension TrialStateMachine {
    // MARK: - Failing

    /// The first failure becomes the reported cause and brings the attempt down; later ones are counted.
    /// - Parameters:
    ///   - isHopeless: the same would happen again, so there is no restart.
    ///   - reports: it lives and may still have something to say.
    mutating func fail(
        _ worker: WorkerID, cause: String, detail: String, isHopeless: Bool = false, reports: Bool = false, now: Int64
    ) -> [TrialAction] {
        let ranFor: Int64
        switch phase {
        case .running(let since): ranFor = now - since
        case .starting: ranFor = 0
        case .stopping(let descent):
            if case .failed = descent.goal, failure?.worker != worker { failure?.later += 1 }
            return []
        default:
            return []
        }
        let repeats = ranFor < policy.healthyAfter && isSame(worker, cause, detail)
        sameFailures = repeats ? sameFailures + 1 : 1
        failure = TrialFailure(worker: worker, cause: cause, detail: detail)
        let note = TrialAction.note(
            kind: .workerFailed, worker: worker, detail: detail.isEmpty ? cause : "\(cause)\n\(detail)")
        let isOver = isHopeless || (reports && sameFailures >= Self.sameFailureLimit)
        return [note]
            + descend(
                by: .collapse(sparing: reports ? worker : nil), goal: .failed(ranFor: ranFor, isHopeless: isOver),
                now: now)
    }

    /// An error that comes back word for word this often is not going to pass by itself.
    private static let sameFailureLimit = 3

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
        if isToldToLeave(worker) {
            if reported != .failed, reported != .completed {
                let detail = status.isSuccess ? "" : status.description
                actions.append(move(worker, to: isCompleting ? .completed : .stopped, detail: detail))
            }
        } else if status.isSuccess, !isTooEarly(reported) {
            // Its last message can be lost when it leaves right after; exit status 0 says the same. The master tells
            // model workers that all is done before it leaves itself, so theirs is often the first exit to be seen.
            if reported != .failed { actions.append(move(worker, to: .completed)) }
            if worker.kind == .master { actions += workIsDone(now: now) }
        } else {
            let cause = status.isSuccess ? "left before its work was done" : status.description
            if reported != .failed { actions.append(move(worker, to: .failed, detail: cause)) }
            if failure?.worker != worker || reported != .failed {
                actions += fail(worker, cause: cause, detail: tail.joined(separator: "\n"), now: now)
            }
        }
        if case .stopping(let descent) = phase { actions += advanceIfDone(descent, now: now) }
        return actions
    }

    /// Whether nobody can have finished by now: the trial has not started, or the worker itself says that it gave up.
    private func isTooEarly(_ reported: WorkerState?) -> Bool {
        if case .starting = phase { return true }
        return reported == .stopped
    }

    /// The master has done all steps.
    mutating func workIsDone(now: Int64) -> [TrialAction] {
        switch phase {
        case .starting, .running: descend(by: .afterCompletion, goal: .completed, now: now)
        default: []
        }
    }

    private var isCompleting: Bool {
        if case .stopping(let descent) = phase { descent.goal == .completed } else { false }
    }

    private func isToldToLeave(_ worker: WorkerID) -> Bool {
        guard case .stopping(let descent) = phase else { return false }
        return descent.plan.steps[...descent.step].contains { step in
            switch step.act {
            case .tellMaster: worker.kind == .master
            case .tellModelWorkers: worker.kind != .master
            case .signal: true
            case .killAllBut(let spared): worker != spared
            }
        }
    }

    // MARK: - Coming down

    /// An ordered stop; asked a second time, it kills.
    mutating func stop(detail: String, now: Int64) -> [TrialAction] {
        switch phase {
        case .stopping(let descent) where descent.goal == .completed:
            return []
        case .stopping(let descent):
            var actions: [TrialAction] = []
            var hurried = descent
            // A failed attempt must not be followed by another one.
            hurried.goal = .stopped(detail: detail)
            if status != .stopping { actions += set(.stopping, detail: detail) }
            hurried.step = hurried.plan.steps.count - 1
            hurried.deadline = .max
            phase = .stopping(hurried)
            return actions + act(.signal(SIGKILL), on: alive) + advanceIfDone(hurried, now: now)
        case .waiting, .idle:
            return workers.map { move($0, to: .stopped) } + finish(.stopped, detail: detail)
        case .starting, .running:
            // Before the start nobody listens for an order to leave.
            let isUp: Bool = if case .running = phase { true } else { false }
            let plan =
                isUp ? ShutdownPlan.orderly() : ShutdownPlan(steps: Array(ShutdownPlan.orderly().steps.suffix(2)))
            return set(.stopping, detail: detail) + descend(by: plan, goal: .stopped(detail: detail), now: now)
        case .ended:
            return []
        }
    }

    mutating func descend(by plan: ShutdownPlan, goal: Descent.Goal, now: Int64) -> [TrialAction] {
        let descent = Descent(plan: plan, step: 0, deadline: Self.deadline(of: plan.steps[0], now: now), goal: goal)
        phase = .stopping(descent)
        return act(plan.steps[0].act, on: alive) + advanceIfDone(descent, now: now)
    }

    private static func deadline(of step: ShutdownPlan.Step, now: Int64) -> Int64 {
        step.patience == .max ? .max : now + step.patience
    }

    func act(_ act: ShutdownPlan.Act, on targets: [WorkerID]) -> [TrialAction] {
        switch act {
        case .tellMaster: targets.filter { $0.kind == .master }.map { .tell($0, .exit) }
        case .tellModelWorkers: targets.filter { $0.kind != .master }.map { .tell($0, .exit) }
        case .signal(let number): targets.map { .signal($0, number) }
        case .killAllBut(let spared): targets.filter { $0 != spared }.map { .signal($0, SIGKILL) }
        }
    }

    /// Takes the next step of the plan: its patience is over, or those it waited for are gone.
    mutating func advance(_ descent: Descent, now: Int64) -> [TrialAction] {
        guard descent.step + 1 < descent.plan.steps.count else { return [] }
        var next = descent
        next.step += 1
        next.deadline = Self.deadline(of: next.plan.steps[next.step], now: now)
        phase = .stopping(next)
        return act(next.plan.steps[next.step].act, on: alive) + advanceIfDone(next, now: now)
    }

    mutating func advanceIfDone(_ descent: Descent, now: Int64) -> [TrialAction] {
        let hasSpawning = members.values.contains { $0.pid == 0 && $0.state == .starting }
        if alive.isEmpty, !hasSpawning { return reach(descent.goal, now: now) }
        if descent.plan.steps[descent.step].act == .tellMaster, !alive.contains(where: { $0.kind == .master }) {
            return advance(descent, now: now)
        }
        return []
    }

    // MARK: - Where it leads

    private mutating func reach(_ goal: Descent.Goal, now: Int64) -> [TrialAction] {
        switch goal {
        case .completed: return finish(.completed, detail: "")
        case .stopped(let detail): return finish(.stopped, detail: detail)
        case .failed(_, isHopeless: true): return giveUp("the same would happen again")
        case .failed(let ranFor, _): return restartOrGiveUp(ranFor: ranFor, now: now)
        }
    }

    private var failureReport: String { failure?.report ?? "a worker failed" }

    private mutating func giveUp(_ reason: String) -> [TrialAction] {
        [.note(kind: .gaveUp, worker: failure?.worker, detail: reason)] + finish(.failed, detail: failureReport)
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

    private mutating func finish(_ status: TrialStatus, detail: String) -> [TrialAction] {
        phase = .ended(status)
        return set(status, detail: detail) + [.finish(status)]
    }
}
