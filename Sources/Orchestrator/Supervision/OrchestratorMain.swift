import Foundation
import Glibc
import Protocol
import Store

/// The body of the hidden `orchestrate` command: one trial, from taking its lock to its last record.
package enum OrchestratorMain {
    /// - Parameter arguments: an `OrchestratorArguments` as JSON, as `TrialLauncher` puts it on the command line.
    /// - Returns: the process's exit status.
    package static func run(_ arguments: String) -> Int32 {
        // A terminal that closes and a reader that goes away are none of a trial's business.
        signal(SIGHUP, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
        umask(0o077)
        var readiness: Int32?
        do {
            let given = try OrchestratorArguments.decode(arguments)
            readiness = given.readiness
            // Before any other thread starts, so that all inherit the mask.
            let signals = try SignalDescriptor(SignalDescriptor.stops)
            let launching = Launching.current(home: HomeFolder(path: given.home))
            let trial = try OrchestratedTrial(
                PreparedTrial.prepare(given.request, launching: launching), signals: signals)
            if let readiness { Readiness.ready(trial.started).send(to: readiness) }
            readiness = nil
            return trial.run().exitCode
        } catch {
            Diagnostics.write(describe(error))
            if let readiness { Readiness(refusing: error).send(to: readiness) }
            return (error as? any UserFacingError)?.exitCode ?? ExitCode.failure
        }
    }
}

/// A trial with its store open and its sockets bound.
private struct OrchestratedTrial {
    let started: StartedTrial
    private let prepared: PreparedTrial
    private let runtime: RuntimeFolder
    private let queue: IngestQueue
    private let ingest: IngestThread
    private let devices: DeviceSampler
    private let loop: TrialLoop

    init(_ prepared: PreparedTrial, signals: SignalDescriptor) throws {
        do {
            try self.init(opening: prepared, signals: signals)
        } catch {
            // A start that fails must not leave a trial that stands in the way of the next one of its name.
            if !prepared.isResumed { try? FolderFiles.empty(prepared.folder.path, keeping: ["lock", "logs"]) }
            throw error
        }
    }

    private init(opening prepared: PreparedTrial, signals: SignalDescriptor) throws {
        let context = ZeroMQContext(), recorded = RecordedStep(), folder = prepared.folder
        let runtime = try RuntimeFolder.create(for: folder)
        let queue = try IngestQueue()
        let ingest = try IngestThread.start(Self.ingestParts(prepared, context, runtime, recorded), queue: queue)
        do {
            if prepared.isResumed { recorded.reached(ResumePoint.recordedStep(in: folder)) }
            let resumeStep =
                prepared.isResumed
                ? try ResumePoint.chosen(
                    for: prepared.plan, recorded: recorded.value, asked: prepared.request.resumeFrom, in: folder) : 0
            let attempt = ingest.opened.lastAttempt + 1
            let devices = try DeviceSampler()
            let record = try Self.runRecord(prepared, runtime, attempt: attempt, header: ingest.opened.header)
            let watch = InputWatch(prepared.inputs, of: prepared.plan, home: folder.home)
            let parts = TrialLoop.Parts(
                plan: prepared.plan, folder: folder, runtime: runtime, clock: ingest.opened.clock, queue: queue,
                devices: devices,
                spawner: try Schedulers.named(prepared.request.mode).spawner(of: folder, runtime: runtime),
                signals: signals,
                runRecord: record, firstResumeStep: resumeStep, recordedStep: { recorded.value },
                changedInputs: { watch.changes() }, renewFolder: { prepared.renewFolder() })
            let machine = TrialStateMachine(
                groups: prepared.plan.groups, policy: Self.policy(prepared.settings),
                stopPolicy: Self.stopPolicy(prepared.settings), firstAttempt: attempt, reason: prepared.startReason)
            loop = try TrialLoop(parts, machine: machine, context: context)
            try record.write(folder)
            self.devices = devices
            started = StartedTrial(
                id: folder.id, pid: record.orchestrator.pid, attempt: attempt, resumeStep: resumeStep,
                recordedStep: recorded.value)
        } catch {
            queue.close([])
            ingest.join()
            runtime.remove()
            throw error
        }
        self.prepared = prepared
        self.runtime = runtime
        self.queue = queue
        self.ingest = ingest
    }

    func run() -> TrialStatus {
        // A trial that cannot be sampled is still a trial.
        let sampling = try? devices.start(queue: queue, clock: ingest.opened.clock)
        _ = loop.run()
        devices.stop()
        let status = loop.attend(ingest)
        sampling?.join()
        runtime.remove()
        return status
    }

    private static func ingestParts(
        _ prepared: PreparedTrial, _ context: ZeroMQContext, _ runtime: RuntimeFolder, _ recorded: RecordedStep
    ) -> IngestThread.Parts {
        let folder = prepared.folder, isResumed = prepared.isResumed
        let header = RunHeader(prepared)
        var parts = IngestThread.Parts(
            context: context, runtime: runtime, folder: folder, plan: prepared.plan,
            openStore: { isResumed ? try RunWriter.open(folder) : try RunWriter.create(folder, header: header) },
            openCatalog: {
                let catalog = try RunCatalog.open(home: folder.home)
                // Commands that only read write nothing, so somebody who writes there anyway does it for them.
                try catalog.adopt(from: folder.home)
                return catalog
            })
        parts.recorded = recorded
        parts.lastStored = { isResumed ? ResumePoint.lastStoredTime(in: folder) : 0 }
        return parts
    }

    private static func runRecord(
        _ prepared: PreparedTrial, _ runtime: RuntimeFolder, attempt: Int, header: RunHeader
    ) throws(LaunchError) -> RunRecord {
        guard let identity = ProcessIdentity.current() else {
            throw LaunchError(.didNotStart, "/proc cannot be read: is it mounted?")
        }
        return RunRecord(
            id: prepared.folder.id, orchestrator: identity, runtimeFolder: runtime.path, status: .starting,
            attempt: attempt, startedWall: header.startedWall, totalSteps: prepared.plan.totalSteps,
            workers: prepared.plan.workers.map { RunRecord.Worker(id: $0) }, machine: .current)
    }

    private static func stopPolicy(_ settings: Settings) -> StopPolicy {
        let grace = Int64(settings.number("stop.grace") * 1e9)
        return StopPolicy(silence: Int64(settings.number("stop.silence") * 1e9), grace: grace > 0 ? grace : nil)
    }

    private static func policy(_ settings: Settings) -> RestartPolicy {
        func nanoseconds(_ key: String) -> Int64 { Int64(settings.number(key) * 1e9) }
        return RestartPolicy(
            limit: settings.integer("restart.limit"), window: nanoseconds("restart.window"),
            firstDelay: nanoseconds("restart.backoff"))
    }
}

extension RunHeader {
    /// What never changes about the run that a prepared trial makes.
    init(_ prepared: PreparedTrial) {
        var lanes: [Lane] = []
        // The last setup is what a trial is about; lanes that only earlier ones have come after its own.
        for setup in prepared.plan.setups.reversed() {
            let places = Dictionary(setup.models.map { ($0.name, $0.worker) }) { first, _ in first }
            for call in setup.calls {
                let lane = Lane(
                    mfc: call.name, role: call.model.role.description, interfaceType: call.interfaceType.rawValue,
                    worker: WorkerID(.model, places[call.model] ?? 0).description)
                if !lanes.contains(lane) { lanes.append(lane) }
            }
        }
        self.init(
            id: prepared.folder.id, startedWall: RunClock.wallNanoseconds(), seed: prepared.plan.seed,
            totalSteps: prepared.plan.totalSteps, settings: prepared.settings.texts,
            workers: prepared.plan.workers.map(\.description), lanes: lanes,
            phases: prepared.plan.setups.map { Phase(name: $0.name, steps: $0.steps) })
    }
}
