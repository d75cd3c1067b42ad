import Glibc
package import Protocol

/// All decisions about a trial's processes: who is configured and started when, what a failure leads to, in which
/// order they stop. Pure: events and the time come in, actions come out.
package struct TrialStateMachine: Sendable {
    /// Where the trial is.
    enum Phase: Sendable, Equatable {
        case idle
        /// Workers come up: spawned, saying hello, being configured.
        case starting
        /// Started at the time given.
        case running(since: Int64)
        /// Workers are being brought down, then `then` happens.
        case stopping(Descent)
        /// All workers of a failed attempt are gone; the next attempt starts at the time given.
        case waiting(until: Int64)
        case ended(TrialStatus)
    }

    /// Bringing workers down by a plan.
    struct Descent: Sendable, Equatable {
        enum Goal: Sendable, Equatable {
            case completed
            case stopped(detail: String)
            /// `isHopeless`: the same would happen again, so there is no restart.
            case failed(ranFor: Int64, isHopeless: Bool)
        }
        var plan: ShutdownPlan
        var step = 0
        var goal: Goal
        /// Nanoseconds in which nobody has moved, and when they were last counted.
        var silence: Int64 = 0
        var countedAt: Int64
        /// Those whose newest whole step is on disk.
        var saved: Set<WorkerID> = []
        /// Those whose failure while it stops has been told.
        var failed: Set<WorkerID> = []

        var current: ShutdownPlan.Step { plan.steps[step] }
    }

    /// How far the people who want the trial to stop have come.
    enum Urgency: Int, Sendable, Comparable {
        case none, inOrder, within, hurried, atOnce

        static func < (left: Urgency, right: Urgency) -> Bool { left.rawValue < right.rawValue }
    }

    /// One worker process.
    struct Member: Sendable, Equatable {
        var state: WorkerState = .starting
        var pid: Int32 = 0
        /// The state under `stalled`, to go back to.
        var stateBeforeStall: WorkerState?
        var lastHeard: Int64 = 0
        var isAlive = false
        var mfc = ""
        var step = 0
        var weightVersion = 0
        var detail = ""
        /// When a model worker left with status 0 and without a word, although nobody had told it to.
        var leftInSilence: Int64?
        /// Whether it has nothing to do until something comes in.
        var waits = true
        /// When a heartbeat was last written down.
        var lastTold: Int64 = 0

        /// Where it is in its life; a stall only hides that.
        var reached: WorkerState { stateBeforeStall ?? state }
    }

    /// Silence after which a worker is shown as stalled; never killed for it.
    package static let heartbeatPatience: Int64 = 3_000_000_000
    /// What a worker wrote itself after its last heartbeat is not older than this.
    static let heartbeatPeriod: Int64 = 500_000_000
    /// How long after a model worker that left in silence the master may take to say that all is done.
    package static let masterPatience: Int64 = 10_000_000_000
    /// How long a worker may stay in one call without moving before it is shown as stalled.
    package static let idlePatience: Int64 = 120_000_000_000
    /// Between two heartbeats of a worker that are written down though they say nothing new.
    package static let beatInterval: Int64 = 1_000_000_000

    let groups: [WorkerGroup]
    /// Of all groups, in order.
    let workers: [WorkerID]
    /// By name, of the groups that restart by themselves.
    var recoveries: [String: GroupRecovery]
    var phase: Phase = .idle
    var members: [WorkerID: Member] = [:]
    var policy: RestartPolicy
    package internal(set) var attempt: Int
    /// Attempts begun by this orchestrator after its first: what a screen shows as restarts.
    package internal(set) var restarts = 0
    package internal(set) var failure: TrialFailure?
    /// The failures since an attempt last got anywhere.
    var pattern = FailurePattern()
    var hitMemoryLimit = false
    /// How often in a row an attempt has failed in exactly the same way before it was healthy.
    var sameFailures = 0
    package internal(set) var status: TrialStatus = .pending
    let reasonToBegin: String
    let stopPolicy: StopPolicy
    var urgency = Urgency.none
    var lastStopAt: Int64 = .min
    /// What a stop was last said to wait for.
    var awaited = ""

    /// - Parameter firstAttempt: 1 for a new trial, one more than the last for a resumed one.
    package init(
        groups: [WorkerGroup], policy: RestartPolicy, stopPolicy: StopPolicy = StopPolicy(), firstAttempt: Int = 1,
        reason: String = "started"
    ) {
        self.stopPolicy = stopPolicy
        self.groups = groups
        workers = groups.flatMap(\.workers).sorted()
        let own = groups.filter { $0.restarts == .group }.map { ($0.name, GroupRecovery(policy: policy)) }
        recoveries = Dictionary(own) { first, _ in first }
        self.policy = policy
        attempt = firstAttempt
        reasonToBegin = reason
    }

    /// The next moment `timePassed` is due; nil when only an event can change anything.
    package var nextDeadline: Int64? {
        var deadlines: [Int64] = []
        switch phase {
        case .stopping(let descent):
            switch descent.current.patience {
            // Looked at often, so that a machine that slept is not taken for workers that did.
            case .whileMoving: deadlines.append(descent.countedAt + Self.countingInterval)
            case .until(let end): deadlines.append(end)
            case .forEver: break
            }
        case .waiting(let until): deadlines.append(until)
        case .running:
            deadlines += workers.compactMap { members[$0]?.leftInSilence.map { $0 + Self.masterPatience } }
            deadlines += groupDeadlines
        default: break
        }
        for worker in workers where isWatched(worker) {
            deadlines.append((members[worker]?.lastHeard ?? 0) + Self.heartbeatPatience)
        }
        return deadlines.min()
    }

    package var isEnded: Bool { if case .ended = phase { true } else { false } }

    /// Takes one event and says what to do about it.
    package mutating func handle(_ event: TrialEvent, now: Int64) -> [TrialAction] {
        if isEnded { return refusalAfterEnd(event) }
        switch event {
        case .begin: return begin(reason: reasonToBegin, now: now)
        case .spawned(let worker, let pid): return spawned(worker, pid: pid, now: now)
        case .spawnFailed(let worker, let reason, let obstacle):
            return spawnFailed(worker, reason: reason, obstacle, now: now)
        case .hello(let worker, let attempt): return hello(worker, attempt: attempt, now: now)
        case .heartbeat(let worker, let attempt, let pulse): return heartbeat(worker, attempt, pulse, now: now)
        case .report(let worker, let attempt, let state, let detail, let step, let persistence):
            return report(worker, attempt, state, detail: detail, step: step, persistence, now: now)
        case .exited(let worker, let attempt, let status, let tail):
            return exited(worker, attempt, status, tail: tail, now: now)
        case .checkpoint:
            policy.gotSomewhere()
            for name in recoveries.keys { recoveries[name]?.policy.gotSomewhere() }
            pattern.clear()
            return []
        case .memoryLimitReached:
            hitMemoryLimit = true
            return []
        case .command(let kind, let worker, let ticket): return command(kind, worker, ticket: ticket, now: now)
        case .saved(let worker, let attempt, let step, let problem):
            return saved(worker, attempt, step: step, problem: problem, now: now)
        case .stop(let within, let ticket): return stopByCommand(within: within, ticket: ticket, now: now)
        case .stopSignal: return stop(detail: "stopped by a signal", within: stopPolicy.grace, now: now).actions
        case .timePassed: return timePassed(now: now)
        }
    }

    private func refusalAfterEnd(_ event: TrialEvent) -> [TrialAction] {
        let ticket: Int
        switch event {
        case .command(_, _, let asked), .stop(_, let asked): ticket = asked
        default: return []
        }
        return [.answer(ticket: ticket, accepted: false, message: "the trial has already ended: \(status.rawValue)")]
    }

    // MARK: - Pieces the topics share

    mutating func set(_ status: TrialStatus, detail: String = "") -> [TrialAction] {
        self.status = status
        return [.setStatus(status, detail: detail)]
    }

    /// The member as it is now, as a record.
    func change(of worker: WorkerID, silence: Int64 = 0) -> TrialAction {
        let member = members[worker] ?? Member()
        let group = groups.first { $0.workers.contains(worker) }
        let restarts = restarts + (group.flatMap { recoveries[$0.name]?.restarts } ?? 0)
        return .record(
            WorkerChange(
                worker: worker, state: member.state, detail: member.detail, mfc: member.mfc, step: member.step,
                pid: member.pid, restarts: restarts, weightVersion: member.weightVersion, silence: silence))
    }

    mutating func move(_ worker: WorkerID, to state: WorkerState, detail: String = "") -> TrialAction {
        members[worker]?.state = state
        members[worker]?.stateBeforeStall = nil
        members[worker]?.detail = detail
        return change(of: worker)
    }

    /// Whether its silence would be news: it lives, has not reported its end, and nobody is bringing it down.
    func isWatched(_ worker: WorkerID) -> Bool {
        if case .stopping = phase { return false }
        guard let member = members[worker] else { return false }
        return member.isAlive && member.state != .stalled && !member.state.isTerminal
    }

    /// Whether the worker itself has said how it ended.
    package func hasReportedItsEnd(_ worker: WorkerID) -> Bool { members[worker]?.state.isTerminal ?? true }

    /// Whether somebody wants it over without whatever takes longer.
    var isHurried: Bool { urgency >= .hurried }

    var alive: [WorkerID] { workers.filter { members[$0]?.isAlive == true } }
}
