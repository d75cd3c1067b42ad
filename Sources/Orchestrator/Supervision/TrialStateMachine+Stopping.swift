import Glibc
import Protocol

/// Bringing workers down: by whom and how often it was asked for, and whom it waits for.
extension TrialStateMachine {
    /// How often it is looked whether anybody moves. A longer gap between two looks is the machine's sleep and no silence.
    static let countingInterval: Int64 = 1_000_000_000
    /// Stops that come closer together than this are one: whoever signals everybody at once reaches the orchestrator
    /// directly and through the command that follows it.
    private static let oneStop: Int64 = 1_000_000_000

    // MARK: - Asking for it

    /// A stop, the first or a further one.
    /// - Returns: the answer for whoever asked, and what to do.
    mutating func stop(
        detail: String, within: Int64?, now: Int64
    ) -> (message: String, actions: [TrialAction]) {
        let isSameStop = lastStopAt != .min && now - lastStopAt < Self.oneStop
        defer { lastStopAt = isSameStop ? lastStopAt : now }
        switch phase {
        case .ended:
            return ("it has ended", [])
        case .idle, .waiting:
            return ("stopped", workers.map { move($0, to: .stopped) } + finish(.stopped, detail: detail))
        case .starting:
            return begin(.inOrder, by: .beforeStart(from: now), detail: detail, now: now)
        case .running:
            guard let within else {
                return begin(.inOrder, by: .orderly(silence: stopPolicy.silence), detail: detail, now: now)
            }
            return begin(.within, by: .orderly(from: now, until: now + within), detail: detail, now: now)
        case .stopping(let descent):
            return stopAgain(descent, detail: detail, within: within, isSameStop: isSameStop, now: now)
        }
    }

    private mutating func stopAgain(
        _ descent: Descent, detail: String, within: Int64?, isSameStop: Bool, now: Int64
    ) -> (message: String, actions: [TrialAction]) {
        switch descent.goal {
        case .completed:
            if isSameStop || urgency == .none {
                urgency = .inOrder
                return ("its work is done, it is ending", [])
            }
            let goal = unstored.map { Descent.Goal.stopped(detail: "all steps are done, but \($0)") } ?? .completed
            return ("its work is done, it is ended at once", descend(by: .atOnce, goal: goal, now: now))
        case .failed:
            // A failed attempt must not be followed by another one.
            return begin(.atOnce, by: .atOnce, detail: detail, now: now)
        case .stopped(let first):
            if let within, urgency < .within {
                return begin(.within, by: .orderly(from: now, until: now + within), detail: first, now: now)
            }
            if isSameStop || (within != nil && urgency == .within) { return ("stopping already: \(awaited)", []) }
            if urgency < .hurried, !descent.plan.isBeforeStart {
                let detail = [first, unstored].compactMap(\.self).joined(separator: "; ")
                return begin(.hurried, by: .hurried(from: now), detail: detail, now: now)
            }
            return begin(.atOnce, by: .atOnce, detail: first, now: now)
        }
    }

    private mutating func begin(
        _ urgency: Urgency, by plan: ShutdownPlan, detail: String, now: Int64
    ) -> (message: String, actions: [TrialAction]) {
        self.urgency = urgency
        let actions = descend(by: plan, goal: .stopped(detail: detail), now: now)
        let told: [TrialAction]
        if case .stopping = phase { told = tellWhatStopAwaits() } else { told = [] }
        let message =
            switch urgency {
            case .none, .inOrder: "stopping: \(awaited)"
            case .within: "saving the newest whole step, then stopping: \(awaited)"
            case .hurried: "saving the newest whole step and leaving the one under way"
            case .atOnce: "stopping at once"
            }
        // The descent may have ended already, where nobody lived.
        let isOver = isEnded
        return (message, (isOver ? [] : told) + actions)
    }

    // MARK: - Coming down

    mutating func descend(by plan: ShutdownPlan, goal: Descent.Goal, now: Int64) -> [TrialAction] {
        var descent = Descent(plan: plan, goal: goal, countedAt: now)
        if case .stopping(let before) = phase { descent.failed = before.failed }
        phase = .stopping(descent)
        return act(descent.current.acts, on: alive) + advanceIfDone(descent, now: now)
    }

    func act(_ acts: [ShutdownPlan.Act], on targets: [WorkerID]) -> [TrialAction] {
        acts.flatMap { act -> [TrialAction] in
            switch act {
            case .tellMaster: targets.filter { $0.kind == .master }.map { .tell($0, .exit) }
            case .hurryMaster: targets.filter { $0.kind == .master }.map { .tell($0, .leaveNow) }
            case .tellModelWorkers: targets.filter { $0.kind != .master }.map { .tell($0, .exit) }
            case .saveWholeStep: targets.filter { $0.kind != .master }.map { .tell($0, .saveWhole) }
            case .kill: targets.map { .signal($0, SIGKILL) }
            case .killAllBut(let spared): targets.filter { $0 != spared }.map { .signal($0, SIGKILL) }
            }
        }
    }

    /// Time has passed while it waits.
    mutating func waitOn(_ descent: Descent, now: Int64) -> [TrialAction] {
        switch descent.current.patience {
        case .forEver:
            return []
        case .until(let end):
            return now >= end ? advance(descent, now: now) : []
        case .whileMoving(let silence):
            var counted = descent
            counted.silence += min(max(0, now - descent.countedAt), 2 * Self.countingInterval)
            counted.countedAt = now
            phase = .stopping(counted)
            guard counted.silence >= silence else { return [] }
            let names = alive.map(\.description).joined(separator: ", ")
            let note = TrialAction.note(
                kind: .silentGivenUp, worker: nil,
                detail: "\(names): nothing has moved for \(silence / 1_000_000_000) s")
            return [note] + advance(counted, now: now)
        }
    }

    /// Somebody is at work.
    mutating func moved() {
        guard case .stopping(var descent) = phase else { return }
        descent.silence = 0
        phase = .stopping(descent)
    }

    /// Takes the next step of the plan: its patience is over, or those it waited for are gone.
    mutating func advance(_ descent: Descent, now: Int64) -> [TrialAction] {
        guard descent.step + 1 < descent.plan.steps.count else { return [] }
        var next = descent
        next.step += 1
        next.silence = 0
        next.countedAt = now
        phase = .stopping(next)
        return act(next.current.acts, on: alive) + tellWhatStopAwaits() + advanceIfDone(next, now: now)
    }

    mutating func advanceIfDone(_ descent: Descent, now: Int64) -> [TrialAction] {
        let hasSpawning = members.values.contains { $0.pid == 0 && $0.state == .starting }
        if alive.isEmpty, !hasSpawning { return reach(descent.goal, now: now) }
        let isMasterGone = !alive.contains { $0.kind == .master }
        let acts = descent.current.acts
        if acts.contains(.tellMaster), !acts.contains(.tellModelWorkers), isMasterGone {
            return advance(descent, now: now)
        }
        if acts == [.saveWholeStep, .hurryMaster], isMasterGone, alive.allSatisfy(descent.saved.contains) {
            return advance(descent, now: now)
        }
        return []
    }

    /// A worker has put its newest whole step on the disk, or could not.
    mutating func saved(
        _ worker: WorkerID, _ attempt: Int, step: Int, problem: String, now: Int64
    ) -> [TrialAction] {
        guard isCurrent(worker, attempt), case .stopping(var descent) = phase else { return [] }
        descent.saved.insert(worker)
        descent.silence = 0
        phase = .stopping(descent)
        var actions: [TrialAction] = []
        if !problem.isEmpty {
            actions.append(.note(kind: .saveFailed, worker: worker, detail: problem))
        } else if step > 0 {
            actions.append(.note(kind: .saved, worker: worker, detail: "step \(step) is on the disk"))
        }
        return actions + advanceIfDone(descent, now: now)
    }

    /// A worker that others wait for is gone: nobody can end the step, so nobody is waited for.
    mutating func failWhileStopping(
        _ worker: WorkerID, cause: String, detail: String, reports: Bool, now: Int64
    ) -> [TrialAction] {
        guard case .stopping(var descent) = phase, case .stopped(let reason) = descent.goal else { return [] }
        if ownGroup(of: worker) != nil { return [.note(kind: .stopFailed, worker: worker, detail: cause)] }
        // The exit of one that had reported its error says nothing more.
        if !reports, descent.failed.contains(worker) { return [] }
        descent.failed.insert(worker)
        phase = .stopping(descent)
        let firstLine = detail.split(separator: "\n").first.map { ": \($0)" } ?? ""
        let note = TrialAction.note(
            kind: .stopFailed, worker: worker,
            detail:
                "\(cause)\(detail.isEmpty ? "" : "\n\(detail)")\nWhat was trained since the last checkpoint is lost.")
        return [note]
            + descend(
                by: .collapse(sparing: reports ? worker : nil, now: now),
                goal: .stopped(detail: "\(reason); meanwhile \(worker) \(cause)\(firstLine)"), now: now)
    }

    /// A worker that was told to hurry has left without what it could put nowhere: the trial's end says so, and it is not
    /// that of a completed one.
    mutating func leftBehind(_ worker: WorkerID, _ what: String) -> [TrialAction] {
        guard case .stopping(let descent) = phase else { return [] }
        switch descent.goal {
        case .completed: setGoal(.stopped(detail: "all steps are done; \(worker): \(what)"))
        case .stopped(let detail): setGoal(.stopped(detail: "\(detail); \(worker): \(what)"))
        case .failed: return []
        }
        return [.note(kind: .stopFailed, worker: worker, detail: what)]
    }

    /// What a stop that waits no longer leaves with those that wait for the disk; nil: nothing. The master, which hears
    /// that it is to hurry, tells it itself.
    private var unstored: String? {
        let waiting = alive.filter { $0.kind != .master && members[$0]?.mfc == DiskWait.telemetry.rawValue }
        guard !waiting.isEmpty else { return nil }
        let names = waiting.map(\.description).joined(separator: ", ")
        return "the last that \(names) measured could neither be stored nor left on the disk"
    }

    /// Another end than was meant.
    mutating func setGoal(_ goal: Descent.Goal) {
        guard case .stopping(var descent) = phase else { return }
        descent.goal = goal
        phase = .stopping(descent)
    }

    // MARK: - Telling

    /// Says what a stop waits for, whenever that changes.
    mutating func tellWhatStopAwaits() -> [TrialAction] {
        guard case .stopping(let descent) = phase, case .stopped = descent.goal else { return [] }
        let now = phrase(of: descent)
        guard now != awaited || status != .stopping else { return [] }
        awaited = now
        return set(.stopping, detail: now)
    }

    /// A step is waited for only where the master ends it: a hurried stop leaves it, and after the master nobody ends one.
    private func phrase(of descent: Descent) -> String {
        let acts = descent.current.acts
        guard !alive.isEmpty else { return "nobody is left" }
        if acts == [.saveWholeStep, .hurryMaster] {
            let saving = alive.filter { $0.kind != .master && !descent.saved.contains($0) }
            if !saving.isEmpty { return "waits for \(Self.list(saving)) to save the newest whole step" }
        }
        let waiting = alive.filter { DiskWait(rawValue: members[$0]?.mfc ?? "") != nil }
        let endsStep = acts.contains(.tellMaster) && alive.contains(.master)
        let busy = alive.filter {
            waiting.contains($0)
                || endsStep && $0.kind != .master && members[$0]?.waits == false && members[$0]?.mfc.isEmpty == false
        }
        let silent = alive.filter { members[$0]?.state == .stalled }
        if busy.isEmpty, !silent.isEmpty { return "waits for \(Self.list(silent)), of which nothing is heard" }
        guard !busy.isEmpty else {
            // Whoever is in a call may not have said so yet.
            return endsStep && !acts.contains(.tellModelWorkers)
                ? "waits for the step under way" : "waits for \(Self.list(alive)) to leave"
        }
        let step = endsStep ? alive.compactMap { members[$0]?.step }.max() ?? 0 : 0
        // What was last heard of an earlier step is a call that has ended since.
        let calls = busy.filter { waiting.contains($0) || members[$0]?.step == step }
            .map { "\(members[$0]?.mfc ?? "") on \($0)" }
        let parts = [step > 0 ? "step \(step)" : "", calls.joined(separator: ", ")].filter { !$0.isEmpty }
        let advice = waiting.isEmpty ? "" : "; asked once more, it ends without that"
        return "waits for \(parts.joined(separator: ": "))\(advice)"
    }

    private static func list(_ workers: [WorkerID]) -> String {
        workers.map(\.description).joined(separator: ", ")
    }
}

extension ShutdownPlan {
    /// Whether it brings down workers that were never started.
    var isBeforeStart: Bool { steps.first?.acts == [.tellMaster, .tellModelWorkers] }
}
