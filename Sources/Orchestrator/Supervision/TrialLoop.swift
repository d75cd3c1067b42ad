import Glibc
package import Protocol
import Store

/// Performs what the state machine decides: one thread that waits for sockets, processes, signals and deadlines
/// together, and never naps.
///
/// Confined to the thread that runs it, which must be the one that spawns: death signals are tied to it.
package final class TrialLoop {
    /// What the loop works with.
    package struct Parts {
        package var plan: TrialPlan
        package var folder: TrialFolder
        package var runtime: RuntimeFolder
        package var clock: RunClock
        package var queue: IngestQueue
        package var devices: DeviceSampler
        package var spawner: any WorkerSpawner
        package var signals: SignalDescriptor?
        package var runRecord: RunRecord
        /// Where the first attempt goes on; further ones go on from the newest checkpoint then.
        package var firstResumeStep: Int?
        /// The last step whose metrics the store holds.
        package var recordedStep: () -> Int
        /// What of the files that the trial reads is not what it was when this orchestrator began.
        package var changedInputs: () -> [String]
        /// Looks after the lock and the other files of the trial's folder that nobody writes twice.
        package var renewFolder: () -> TrialLock.Standing

        package init(
            plan: TrialPlan, folder: TrialFolder, runtime: RuntimeFolder, clock: RunClock, queue: IngestQueue,
            devices: DeviceSampler, spawner: any WorkerSpawner, signals: SignalDescriptor?, runRecord: RunRecord,
            firstResumeStep: Int? = nil, recordedStep: @escaping () -> Int,
            changedInputs: @escaping () -> [String] = { [] },
            renewFolder: @escaping () -> TrialLock.Standing = { .held }
        ) {
            self.plan = plan
            self.folder = folder
            self.runtime = runtime
            self.clock = clock
            self.queue = queue
            self.devices = devices
            self.spawner = spawner
            self.signals = signals
            self.runRecord = runRecord
            self.firstResumeStep = firstResumeStep
            self.recordedStep = recordedStep
            self.changedInputs = changedInputs
            self.renewFolder = renewFolder
        }
    }

    private let parts: Parts
    private var machine: TrialStateMachine
    private var recorder: TrialRecorder
    private let control: WorkerDesk
    private let commands: CommandDesk
    /// A worker's living process: of which attempt, and which of that attempt's.
    private struct Life {
        let process: any WorkerProcess
        let attempt: Int
        let launch: Int
    }

    private var processes: [WorkerID: Life] = [:]
    /// How often each worker has been started in the attempt that goes on.
    private var launches: [WorkerID: Int] = [:]
    private var owed = OwedOrders()
    private var resumeStep = 0
    private var keeper: CheckpointKeeper
    private var isFirstAttempt = true
    private let memory = MemoryLimit()
    private var memoryKills: Int
    private var keptHouseAt: Int64 = 0
    private var lastCheckpoint = 0
    private static let houseInterval: Int64 = 1_000_000_000
    private static let lastWordsPatience: Int64 = 100_000_000
    /// Events that performing an action led to, in order.
    private var events: [TrialEvent] = []

    /// Binds the sockets; the trial begins with `run`.
    package init(_ parts: Parts, machine: TrialStateMachine, context: ZeroMQContext) throws {
        self.parts = parts
        self.machine = machine
        memoryKills = memory.kills ?? 0
        keeper = CheckpointKeeper(plan: parts.plan, folder: parts.folder)
        recorder = TrialRecorder(queue: parts.queue, clock: parts.clock, record: parts.runRecord)
        control = try WorkerDesk(context, endpoint: parts.runtime.control(), workers: parts.plan.workers)
        commands = try CommandDesk(context, endpoint: parts.runtime.commands(), trial: parts.folder.id)
    }

    /// Runs the trial to its end and hands its last records over.
    package func run() -> TrialStatus {
        take(.begin)
        while !machine.isEnded {
            let living = processes.sorted { $0.key < $1.key }
            let ready = wait(for: living.map(\.value.process.pollItem))
            hearWorkers()
            for event in commands.receive(log: recorder.log) { take(event) }
            takeSignals()
            for (index, entry) in living.enumerated() where ready[index] { takeExit(of: entry.key) }
            keepHouse()
            take(.timePassed)
        }
        // Whoever reads that the trial has ended finds its folder as it stays. Workers have left when what they measured
        // was acknowledged, so the last step is known.
        keeper.settle(recorded: parts.recordedStep())
        recorder.close()
        return machine.status
    }

    /// Waits until the end of the trial is stored. Until then it has not ended, and whoever asks it to stop is heard: a
    /// trial that has done all its steps is then no completed one.
    package func attend(_ ingest: IngestThread) -> TrialStatus {
        if machine.isHurried { parts.queue.hurry() }
        while ingest.end == nil {
            let items = [ingest.pollItem, commands.pollItem] + (parts.signals.map { [$0.pollItem] } ?? [])
            _ = try? Poller.wait(items, timeout: nil)
            for event in commands.receive(log: recorder.log) {
                guard case .stop(_, let ticket) = event else {
                    take(event)
                    continue
                }
                commands.answer(ticket: ticket, accepted: true, message: "stopping without what cannot be stored")
                parts.queue.hurry()
            }
            while parts.signals?.next() != nil { parts.queue.hurry() }
        }
        guard case .unstored = ingest.join(), machine.status == .completed else { return machine.status }
        return .stopped
    }

    private func now() -> Int64 { RunClock.bootNanoseconds() }

    private func wait(for processItems: [PollItem]) -> [Bool] {
        var items = processItems + [control.pollItem, commands.pollItem]
        if let signals = parts.signals { items.append(signals.pollItem) }
        let timeout = machine.nextDeadline.map { Duration.nanoseconds(max(0, $0 - now())) }
        // A poll that fails says nothing; looking at everything is always right.
        return (try? Poller.wait(items, timeout: timeout)) ?? items.map { _ in true }
    }

    private func takeSignals() {
        while let signal = parts.signals?.next() {
            recorder.log(.info, "asked to stop by signal \(signal)")
            take(.stopSignal)
        }
    }

    private func takeExit(of worker: WorkerID) {
        guard let entry = processes[worker] else { return }
        // What it started dies with it. Its group is signalled while its number still cannot be anybody else's.
        entry.process.signalGroup(SIGKILL)
        guard let status = entry.process.exitStatus() else { return }
        if case .exited = status { hearLastWords(of: worker) }
        processes[worker] = nil
        owed.forget(worker)
        parts.devices.set(worker, pid: nil)
        noteCheckpoint()
        if status.signal == SIGKILL, let kills = memory.kills, kills > memoryKills {
            memoryKills = kills
            take(.memoryLimitReached)
        }
        let tail = status.isSuccess ? [] : LogTail.lines(of: parts.folder.log(of: worker))
        take(.exited(worker, attempt: entry.attempt, status, tail: tail))
    }

    /// What a worker said just before it left may still be on its way through the socket's own thread; it says more than
    /// an exit status does.
    private func hearLastWords(of worker: WorkerID) {
        let end = now() + Self.lastWordsPatience
        while !machine.hasReportedItsEnd(worker), now() < end {
            _ = try? Poller.wait([control.pollItem], timeout: .nanoseconds(max(0, end - now())))
            hearWorkers()
        }
    }

    private func hearWorkers() {
        let events = control.receive(
            from: { [processes] worker, launch in processes[worker]?.launch == launch }, log: recorder.log)
        for event in events { take(event) }
    }

    private func take(_ event: TrialEvent) {
        events.append(event)
        while !events.isEmpty {
            for action in machine.handle(events.removeFirst(), now: now()) { perform(action) }
        }
    }

    // MARK: - Actions

    private func perform(_ action: TrialAction) {
        switch action {
        case .beginAttempt(let attempt, let reason):
            keeper.sweep()
            launches = [:]
            resumeStep = nextResumeStep()
            recorder.beginAttempt(attempt, resumeStep: resumeStep, reason: reason)
        case .spawn(let worker, let attempt): spawn(worker, attempt: attempt)
        case .configure(let worker):
            let configuration = WorkerDesk.Configuration(
                plan: parts.plan, runtime: parts.runtime, folder: parts.folder, attempt: machine.attempt,
                clock: parts.clock, resumeStep: resumeStep)
            owed.give(.configure(configuration), to: worker, by: control.send)
        case .tell(let worker, let order): owed.give(.order(order), to: worker, by: control.send)
        case .signal(let worker, let number): processes[worker]?.process.signalGroup(number)
        case .setStatus(.stopped, let detail): recorder.setStatus(.stopped, detail: "\(detail); \(resumeOffer)")
        case .setStatus(let status, let detail): recorder.setStatus(status, detail: detail)
        case .record(let change): recorder.change(change)
        case .note(let kind, let worker, let detail): recorder.note(kind: kind, worker: worker, detail: detail)
        case .answer(let ticket, let accepted, let message):
            commands.answer(ticket: ticket, accepted: accepted, message: message)
        case .finish: break
        }
    }

    private func nextResumeStep() -> Int {
        defer { isFirstAttempt = false }
        let isFirst = isFirstAttempt
        if isFirst, let step = parts.firstResumeStep { return step }
        let recorded = parts.recordedStep()
        let step = ResumePoint.newest(of: parts.plan, recorded: recorded, in: parts.folder)
        if step == 0, recorded > 0, !isFirst {
            recorder.note(
                kind: .beginsAnew, worker: nil,
                detail: "no checkpoint of steps 1 to \(recorded) is there, so they run again")
        }
        return step
    }

    /// What nobody asks for and a trial needs all the same, about once a second.
    private func keepHouse() {
        let now = now()
        keeper.prune(recorded: parts.recordedStep(), now: now)
        if now - keptHouseAt < Self.houseInterval { return }
        keptHouseAt = now
        switch parts.renewFolder() {
        case .held: break
        case .takenAgain: recorder.log(.warning, "the trial's lock was removed; it is there again")
        case .lost: leaveToAnother()
        }
        noteCheckpoint()
        owed.tryAgain(by: control.send) { recorder.log(.warning, $0) }
        if access(parts.folder.runFile, F_OK) != 0 { recorder.rewrite() }
        do {
            try parts.runtime.make()
            if try commands.bindAgain() {
                recorder.log(.warning, "the socket for commands was gone; it is there again")
            }
            if try control.bindAgain() { recorder.log(.warning, "the socket for workers was gone; it is there again") }
        } catch {
            Diagnostics.write("sockets that were removed could not be bound again: \(describe(error))")
        }
    }

    /// Somebody removed the trial's folder or its lock, and began it anew before this could be seen: everything there is
    /// the other's now, so nothing more is written.
    private func leaveToAnother() -> Never {
        Diagnostics.write("another orchestrator has taken \(parts.folder.id) over; this one ends")
        for life in processes.values { life.process.signalGroup(SIGKILL) }
        _exit(ExitCode.failure)
    }

    /// Tells the machine of a checkpoint that it has not heard of: proof that the attempt gets somewhere.
    private func noteCheckpoint() {
        let step = ResumePoint.newest(of: parts.plan, recorded: parts.recordedStep(), in: parts.folder)
        guard step != lastCheckpoint else { return }
        lastCheckpoint = step
        take(.checkpoint(step: step))
    }

    /// Where a resume goes on, for whoever has stopped the trial.
    private var resumeOffer: String {
        let step = ResumePoint.newest(of: parts.plan, recorded: parts.recordedStep(), in: parts.folder)
        if step > 0 { return "a resume goes on from step \(step)" }
        let saved = ResumePoint.newest(of: parts.plan, recorded: .max, in: parts.folder)
        return saved > 0
            ? "there are checkpoints up to step \(saved), of steps that are not stored yet"
            : "nothing was saved, a resume begins anew"
    }

    private var changesHint: String {
        "put the old files back, or go on with what is there now: cockpit start \(LaunchError.flags(parts.folder.id)) "
            + "--recover-mode resume --accept-changed-inputs"
    }

    private func spawn(_ worker: WorkerID, attempt: Int) {
        let isFirst = machine.restarts == 0 && launches[worker] == nil
        let changes = isFirst ? [] : parts.changedInputs()
        guard changes.isEmpty else {
            let reason = (changes + [changesHint]).joined(separator: "\n")
            events.append(.spawnFailed(worker, reason: reason, .changedInputs))
            return
        }
        do {
            let launch = launches[worker, default: 0]
            let process = try parts.spawner.spawn(worker, attempt: attempt, launch: launch)
            launches[worker] = launch + 1
            processes[worker] = Life(process: process, attempt: attempt, launch: launch)
            parts.devices.set(worker, pid: process.pid)
            events.append(.spawned(worker, pid: process.pid))
        } catch {
            events.append(.spawnFailed(worker, reason: describe(error)))
        }
    }
}
