import Foundation
import Protocol
import Store
import TestSupport
import Testing

@testable import Orchestrator

/// A trial's loop with fake workers, real sockets and a queue nobody empties.
final class LoopBench {
    let folder = TemporaryFolder()
    let queue: IngestQueue
    let spawner: FakeSpawner
    let trial: TrialFolder
    /// The loop has ended, and only the store is left.
    let hasEnded: WakeUp
    private let loop: TrialLoop

    init(
        _ plan: TrialPlan? = nil, policy: RestartPolicy = RestartPolicy(firstDelay: 10_000_000),
        signals: SignalDescriptor? = nil,
        changedInputs: @escaping () -> [String] = { [] },
        script: @escaping @Sendable (WorkerID, Int) -> Behaviour
    ) throws {
        let home = HomeFolder(path: folder.path)
        trial = home.trial(try Samples.id())
        try FolderFiles.makeFolder(trial.logs)
        let runtime = try RuntimeFolder.create(for: trial)
        let plan = try plan ?? Samples.plan()
        queue = try IngestQueue()
        hasEnded = try WakeUp()
        spawner = try FakeSpawner(runtime, script: script)
        let record = RunRecord(
            id: trial.id, orchestrator: try #require(ProcessIdentity.current()), runtimeFolder: runtime.path,
            status: .starting, attempt: 1, startedWall: 0, totalSteps: plan.totalSteps,
            workers: plan.workers.map { RunRecord.Worker(id: $0) })
        try record.write(trial)
        let parts = TrialLoop.Parts(
            plan: plan, folder: trial, runtime: runtime, clock: .startingNow(), queue: queue,
            devices: try DeviceSampler(),
            spawner: spawner, signals: signals, runRecord: record, recordedStep: { 999 },
            changedInputs: changedInputs)
        loop = try TrialLoop(
            parts, machine: TrialStateMachine(groups: plan.groups, policy: policy), context: ZeroMQContext())
    }

    /// Runs the trial to its end; returns its status and what was put into the store's queue, in words.
    func run() -> (status: TrialStatus, story: [String]) {
        let status = loop.run()
        spawner.join()
        return (status, queue.take().entries.flatMap(Self.words))
    }

    /// The same with an ingest thread that empties the queue, to the end of both.
    func run(storedBy ingest: IngestThread) -> TrialStatus {
        _ = loop.run()
        spawner.join()
        hasEnded.signal()
        return loop.attend(ingest)
    }

    private static func words(_ entry: IngestQueue.Entry) -> [String] {
        switch entry {
        case .attempt(let attempt, let step, _, _): ["attempt \(attempt) from \(step)"]
        case .status(let status, let detail, _): ["\(status.rawValue) \(detail)".trimmingCharacters(in: .whitespaces)]
        case .records(let records): records.lifecycle.map { "\($0.kind) \($0.worker)" }
        }
    }
}
