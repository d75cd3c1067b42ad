import Protocol

@testable import Orchestrator

/// Drives a trial's state machine by hand: one master and two model workers, time in milliseconds.
struct MachineDriver {
    static let first = WorkerID(.model, 0)
    static let second = WorkerID(.model, 1)
    static let all: [WorkerID] = [.master, first, second]

    var machine: TrialStateMachine
    /// Nanoseconds.
    var now: Int64 = 0

    init(
        groups: [WorkerGroup] = [WorkerGroup(name: "trial", workers: Self.all)],
        policy: RestartPolicy = RestartPolicy(firstDelay: 500_000_000), firstAttempt: Int = 1,
        stopPolicy: StopPolicy = StopPolicy()
    ) {
        machine = TrialStateMachine(
            groups: groups, policy: policy, stopPolicy: stopPolicy, firstAttempt: firstAttempt)
    }

    @discardableResult
    mutating func take(_ event: TrialEvent, afterMilliseconds delay: Int64 = 0) -> [TrialAction] {
        now += delay * 1_000_000
        return machine.handle(event, now: now)
    }

    @discardableResult
    mutating func report(_ worker: WorkerID, _ state: WorkerState, detail: String = "") -> [TrialAction] {
        take(.report(worker, attempt: machine.attempt, state: state, detail: detail, step: 0))
    }

    @discardableResult
    mutating func exit(_ worker: WorkerID, _ status: ExitStatus, tail: [String] = []) -> [TrialAction] {
        take(.exited(worker, attempt: machine.attempt, status, tail: tail))
    }

    mutating func beat(_ worker: WorkerID, _ pulse: TrialEvent.Pulse = .init()) -> [TrialAction] {
        take(.heartbeat(worker, attempt: machine.attempt, pulse))
    }

    /// Lets whole seconds pass, each of them noticed; `meanwhile` says what happens in each.
    @discardableResult
    mutating func pass(seconds: Int, meanwhile: (inout MachineDriver) -> Void = { _ in }) -> [TrialAction] {
        var actions: [TrialAction] = []
        for _ in 0..<seconds {
            meanwhile(&self)
            actions += take(.timePassed, afterMilliseconds: 1000)
        }
        return actions
    }

    /// Everybody spawned, configured and started.
    mutating func bringUp() {
        if machine.phase == .idle { take(.begin) }
        for (index, worker) in Self.all.enumerated() { take(.spawned(worker, pid: Int32(100 + index))) }
        for worker in Self.all { take(.hello(worker, attempt: machine.attempt)) }
        for worker in Self.all { report(worker, .configured) }
        for worker in Self.all { report(worker, .running) }
    }

    static func running(policy: RestartPolicy = RestartPolicy(firstDelay: 500_000_000)) -> MachineDriver {
        var driver = MachineDriver(policy: policy)
        driver.bringUp()
        return driver
    }
}

extension [TrialAction] {
    /// What is done to processes, without what is only recorded.
    var deeds: [TrialAction] {
        filter { action in
            switch action {
            case .record, .note, .setStatus: false
            default: true
            }
        }
    }

    var statuses: [TrialStatus] {
        compactMap { action in if case .setStatus(let status, _) = action { status } else { nil } }
    }

    var statusDetails: [String] {
        compactMap { action in if case .setStatus(_, let detail) = action { detail } else { nil } }
    }

    var notes: [String] {
        compactMap { action in if case .note(let kind, _, _) = action { kind.rawValue } else { nil } }
    }

    /// What is recorded of workers, in words.
    var stateDetails: [String] {
        compactMap { action in if case .record(let change) = action { change.detail } else { nil } }
    }

    /// The states that workers are recorded in.
    var states: [WorkerState] {
        compactMap { action in if case .record(let change) = action { change.state } else { nil } }
    }
}
