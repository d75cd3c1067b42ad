import Glibc
import Protocol
import TestSupport

@testable import Orchestrator

/// A trial in a world where anything may happen in any order. It plays the processes that the machine's actions make,
/// and notes whatever the machine must never do.
struct RandomTrial {
    static let restartLimit = 3

    private(set) var machine: TrialStateMachine
    private(set) var now: Int64 = 0
    private(set) var violations: [String] = []
    private(set) var finishes: [TrialStatus] = []
    private(set) var attempts: [Int] = []
    private var random: SplitMix
    /// Living processes, each with its attempt and how it is going to end if a signal has decided that.
    private var processes: [WorkerID: (attempt: Int, doom: Orchestrator.ExitStatus?)] = [:]
    private var inbox: [TrialEvent] = []
    private var isStopAsked = false
    /// Whether hardly any program can be started in the attempt that goes on now.
    private var isShortOfMemory = false
    /// Who failed first in the attempt that goes on now.
    private var blamed: [WorkerID] = []
    private var lastStatus = TrialStatus.pending
    private let hasOwnGroups: Bool

    init(seed: UInt64, groups: [WorkerGroup] = [WorkerGroup(name: "trial", workers: MachineDriver.all)]) {
        random = SplitMix(seed: seed)
        hasOwnGroups = groups.count > 1
        machine = TrialStateMachine(
            groups: groups,
            policy: RestartPolicy(limit: Self.restartLimit, window: .max, firstDelay: 500_000_000, fruitlessLimit: .max)
        )
    }

    mutating func begin() { take(.begin) }

    /// Lets something happen that could.
    mutating func step() {
        now += Int64.random(in: 0...400_000_000, using: &random)
        let worker = MachineDriver.all.randomElement(using: &random) ?? .master
        // Now and then something that is late belongs to an attempt before.
        let attempt = Int.random(in: 0..<12, using: &random) == 0 ? machine.attempt - 1 : machine.attempt
        switch Int.random(in: 0..<100, using: &random) {
        case ..<25: take(.hello(worker, attempt: attempt))
        case ..<45: take(.heartbeat(worker, attempt: attempt, pulse()))
        case ..<70: take(report(of: worker, attempt: attempt))
        case ..<78: endOne(worker)
        case ..<94: passTime()
        case ..<98: take(.command(command(), worker, ticket: 1))
        case ..<99: take(.stop(within: nil, ticket: 2))
        default: take(.stopSignal)
        }
    }

    /// Asks for the end until nobody waits any more and lets every process that was killed die.
    mutating func bringDown() {
        // Further apart than what is one stop.
        for ticket in 3...5 {
            now += 1_000_000_000
            take(.stop(within: nil, ticket: ticket))
        }
        for _ in 0..<40 where !machine.isEnded {
            for worker in MachineDriver.all where processes[worker]?.doom != nil { endOne(worker) }
            passTime()
        }
        if !machine.isEnded { violations.append("it never ended: \(machine.phase)") }
        if !processes.isEmpty { violations.append("processes are left: \(processes.keys)") }
    }

    // MARK: - What happens

    private mutating func pulse() -> TrialEvent.Pulse {
        TrialEvent.Pulse(
            idle: Int64.random(in: 0...200_000_000_000, using: &random),
            mfc: Bool.random(using: &random) ? "actor_train" : "", step: Int.random(in: 0...9, using: &random))
    }

    private mutating func command() -> TrialCommandKind {
        let harmless: [TrialCommandKind] = [.pause, .resume, .saveNow, .evaluateNow, .killWorker, .status]
        return harmless.randomElement(using: &random) ?? .status
    }

    /// Mostly what comes next in its life, sometimes anything at all.
    private mutating func report(of worker: WorkerID, attempt: Int) -> TrialEvent {
        let likely: [WorkerState] = [.configured, .configured, .running, .running, .paused, .stopping]
        let states = Int.random(in: 0..<8, using: &random) == 0 ? WorkerState.allCases : likely
        let state = states.randomElement(using: &random) ?? .running
        return .report(worker, attempt: attempt, state: state, detail: "said so", step: 1)
    }

    private mutating func endOne(_ worker: WorkerID) {
        guard let process = processes.removeValue(forKey: worker) else { return }
        let ends: [Orchestrator.ExitStatus] = [
            .exited(0), .exited(1), .exited(127), .signalled(SIGSEGV), .signalled(9),
        ]
        let end = process.doom ?? ends.randomElement(using: &random) ?? .exited(1)
        take(.exited(worker, attempt: process.attempt, end, tail: ["last line"]))
    }

    private mutating func passTime() {
        if let deadline = machine.nextDeadline, Bool.random(using: &random) { now = max(now, deadline) }
        take(.timePassed)
    }

    // MARK: - What it leads to

    private mutating func take(_ event: TrialEvent) {
        inbox.append(event)
        while !inbox.isEmpty {
            let next = inbox.removeFirst(), hadEnded = machine.isEnded
            for action in machine.handle(next, now: now) { perform(action, hadEnded: hadEnded) }
            if case .stop = next { isStopAsked = true }
            if next == .stopSignal { isStopAsked = true }
        }
        if machine.status != lastStatus { note("its status is not the last one recorded") }
        let canGoOn = machine.isEnded || machine.nextDeadline != nil || !processes.isEmpty
        if !canGoOn { note("nothing will ever happen again: \(machine.phase)") }
    }

    private mutating func note(_ violation: String) {
        if violations.count < 5 { violations.append(violation) }
    }

    private mutating func perform(_ action: TrialAction, hadEnded: Bool) {
        if hadEnded {
            guard case .answer(_, accepted: false, _) = action else {
                return note("it acted after its end: \(action)")
            }
            return
        }
        switch action {
        case .beginAttempt(let attempt, _):
            if !(attempts.last.map { $0 + 1 == attempt } ?? (attempt == 1)) {
                note("attempt \(attempt) after \(attempts)")
            }
            if isStopAsked { note("it began attempt \(attempt) after it was told to stop") }
            if !processes.isEmpty { note("it began attempt \(attempt) while \(processes.keys) live") }
            attempts.append(attempt)
            blamed = []
            isShortOfMemory = Int.random(in: 0..<8, using: &random) == 0
        case .spawn(let worker, let attempt): spawn(worker, attempt)
        case .configure(let worker):
            if processes[worker] == nil { note("\(worker) is configured but is dead") }
        case .tell(let worker, let order):
            if processes[worker] == nil { note("\(worker) is told \(order) but is dead") }
        case .signal(let worker, let number): signal(worker, number)
        case .setStatus(let status, let detail):
            lastStatus = status
            if status == .failed, !hasOwnGroups, !detail.hasPrefix("\(blamed.first ?? .master) ") {
                note("it blames '\(detail)'")
            }
        case .note(.workerFailed, let worker, _):
            // What a group makes good by itself is nobody's fault.
            if hasOwnGroups { break }
            if let worker { blamed.append(worker) }
            if blamed.count != 1 { note("more than one first failure: \(blamed)") }
        case .finish(let status):
            finishes.append(status)
            if !processes.isEmpty { note("it finished while \(processes.keys) live") }
        case .record, .note, .answer: break
        }
    }

    private mutating func spawn(_ worker: WorkerID, _ attempt: Int) {
        if processes[worker] != nil { note("two processes of \(worker)") }
        if Int.random(in: 0..<60, using: &random) < (isShortOfMemory ? 50 : 1) {
            inbox.append(.spawnFailed(worker, reason: "no memory"))
        } else {
            processes[worker] = (attempt, nil)
            inbox.append(.spawned(worker, pid: Int32.random(in: 2...30_000, using: &random)))
        }
    }

    private mutating func signal(_ worker: WorkerID, _ number: Int32) {
        if processes[worker] == nil { note("a signal for \(worker), which is dead") }
        // Not everybody listens to SIGTERM.
        if number == SIGKILL || Bool.random(using: &random) { processes[worker]?.doom = .signalled(number) }
    }
}
