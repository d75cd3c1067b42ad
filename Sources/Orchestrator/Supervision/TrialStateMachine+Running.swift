import Glibc
import Protocol

/// While workers live: what they report, whether they are heard, what users ask.
extension TrialStateMachine {
    mutating func report(
        _ worker: WorkerID, _ attempt: Int, _ state: WorkerState, detail: String, step: Int,
        _ persistence: Persistence, now: Int64
    ) -> [TrialAction] {
        guard isCurrent(worker, attempt) else { return [] }
        let before = members[worker]?.reached, lastStep = members[worker]?.step ?? 0
        members[worker]?.lastHeard = now
        members[worker]?.step = max(step, lastStep)
        moved()
        let record = move(worker, to: state, detail: detail)
        switch state {
        case .configured:
            return [record] + startWhenAllConfigured(now: now) + startGroupWhenConfigured(of: worker, now: now)
        case .failed:
            // A worker that refuses its configuration would refuse it again; of what comes later it knows itself.
            let isHopeless = before == .ready || before == .starting || persistence == .lasting
            return [record]
                + fail(
                    worker, cause: "reported an error", detail: detail, isHopeless: isHopeless, reports: true, now: now)
        case .stopped where !detail.isEmpty:
            return [record] + leftBehind(worker, detail)
        case .completed where worker.kind == .master:
            return [record] + workIsDone(now: now)
        case .paused where worker.kind == .master && status == .running:
            return [record] + set(.paused)
        case .running where worker.kind == .master && status == .paused:
            return [record] + set(.running)
        default:
            return [record]
        }
    }

    mutating func heartbeat(
        _ worker: WorkerID, _ attempt: Int, _ pulse: TrialEvent.Pulse, now: Int64
    ) -> [TrialAction] {
        guard isCurrent(worker, attempt), var member = members[worker] else { return [] }
        member.lastHeard = now
        member.waits = pulse.waits
        let isNews =
            member.mfc != pulse.mfc || member.step != pulse.step || member.weightVersion != pulse.weightVersion
            || now - member.lastTold >= Self.beatInterval
        if isNews { member.lastTold = now }
        member.mfc = pulse.mfc
        member.step = max(member.step, pulse.step)
        member.weightVersion = pulse.weightVersion
        members[worker] = member
        if pulse.quiet < Self.countingInterval { moved() }
        let news = tellWhatStopAwaits()
        // Waiting for work is no stall; being inside a call without moving is.
        if !pulse.mfc.isEmpty, pulse.idle > Self.idlePatience {
            let isShown = member.state == .stalled
            let stalled = stall(worker, "has not moved in \(pulse.mfc)", length: pulse.idle)
            return news + (isShown && isNews ? [change(of: worker)] : stalled)
        }
        if member.state == .stalled { return news + recover(worker) }
        return news + (isNews ? [change(of: worker)] : [])
    }

    /// - Parameters:
    ///   - length: how long it has been so, in nanoseconds.
    ///   - silence: how long nothing was heard of it; 0 where its heart beats.
    private mutating func stall(
        _ worker: WorkerID, _ reason: String, length: Int64, silence: Int64 = 0
    ) -> [TrialAction] {
        guard let member = members[worker], member.state != .stalled, !member.state.isTerminal else { return [] }
        members[worker]?.stateBeforeStall = member.state
        members[worker]?.state = .stalled
        members[worker]?.detail = reason
        // The last heartbeat stays where it was; a worker's own later record must not be newer than this one.
        let since = max(0, silence - Self.heartbeatPeriod)
        // How long, is true in a record of this moment, and not in a state that goes on.
        let detail = "\(reason) for \(length / 1_000_000_000) s"
        return [change(of: worker, silence: since), .note(kind: .stalled, worker: worker, detail: detail)]
    }

    private mutating func recover(_ worker: WorkerID) -> [TrialAction] {
        let before = members[worker]?.stateBeforeStall ?? .running
        return [move(worker, to: before), .note(kind: .recovered, worker: worker, detail: "moves again")]
    }

    mutating func timePassed(now: Int64) -> [TrialAction] {
        var actions: [TrialAction] = []
        for worker in workers where isWatched(worker) {
            guard let member = members[worker], now - member.lastHeard >= Self.heartbeatPatience else { continue }
            let silence = now - member.lastHeard
            actions += stall(worker, "no heartbeat", length: silence, silence: silence)
        }
        switch phase {
        case .waiting(let until) where now >= until:
            attempt += 1
            restarts += 1
            let cause = failure.map { "\($0.worker) \($0.cause)" } ?? "a failure"
            actions += begin(reason: "restarted after \(cause)", now: now)
        case .stopping(let descent): actions += waitOn(descent, now: now)
        case .running: actions += failDeserters(now: now) + mendGroups(now: now)
        default: break
        }
        return actions
    }

    mutating func command(
        _ kind: TrialCommandKind, _ worker: WorkerID?, ticket: Int, now: Int64
    ) -> [TrialAction] {
        func answer(_ accepted: Bool, _ message: String) -> TrialAction {
            .answer(ticket: ticket, accepted: accepted, message: message)
        }
        switch kind {
        case .stop:
            return stopByCommand(within: nil, ticket: ticket, now: now)
        case .status:
            return [answer(true, status.rawValue)]
        case .killWorker:
            guard let worker, members[worker]?.isAlive == true else {
                let known = workers.map(\.description).joined(separator: ", ")
                return [answer(false, "no living worker of that name; there are \(known)")]
            }
            return [
                answer(true, "killed \(worker)"), .note(kind: .killed, worker: worker, detail: "killed by command"),
                .signal(worker, SIGKILL),
            ]
        case .pause, .resume, .saveNow, .evaluateNow:
            guard case .running = phase, let order = kind.order else {
                return [answer(false, "the trial is \(status.rawValue), not running")]
            }
            return [.tell(.master, order), answer(true, Self.promise(of: kind)), Self.asked(kind)]
        }
    }

    /// A stop that a person asked for, the first or a further one.
    mutating func stopByCommand(within: Int64?, ticket: Int, now: Int64) -> [TrialAction] {
        let (message, actions) = stop(detail: "stopped by command", within: within, now: now)
        return [.answer(ticket: ticket, accepted: true, message: message), Self.asked(.stop)] + actions
    }

    /// What a person asked for belongs to the trial's story.
    private static func asked(_ kind: TrialCommandKind) -> TrialAction {
        .note(kind: .asked, worker: nil, detail: "\(kind.rawValue.replacing("_", with: " ")) by command")
    }

    private static func promise(of kind: TrialCommandKind) -> String {
        switch kind {
        case .pause: "pausing after the current step"
        case .resume: "resuming"
        case .saveNow: "saving after the current step"
        case .evaluateNow: "evaluating after the current step"
        case .stop, .status, .killWorker: ""
        }
    }
}
