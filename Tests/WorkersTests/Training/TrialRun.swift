import Logging
import Protocol
import Synchronization
import TestSupport

@testable import Workers

/// A whole trial in one process: a master and two model workers on threads of their own, over real sockets.
struct TrialRun {
    /// Metrics by step and name; `timeperf` and throughput left out, as no two runs take equally long.
    var metrics: [UInt64: [String: Double]] = [:]
    var spans: [WireSpanRecord] = []
    var buffers: [WireBufferRecord] = []
    var logs: [String] = []
    var checkpoints: [WireCheckpointRecord] = []
    var outcome: MasterOutcome?
    var failure: String?

    /// Runs `plan` to its end. `orders` are given to the master before it starts.
    static func complete(
        _ plan: TrialPlan, in folder: TemporaryFolder, attempt: UInt64 = 1, resumeStep: Int = 0,
        orders early: [WorkerOrder] = []
    ) throws -> TrialRun {
        let context = ZeroMQContext(), runtime = RuntimeFolder(path: folder.path)
        let settings = MasterSettings(
            plan: plan, attempt: attempt, checkpoints: "\(folder.path)/checkpoints", resumeStep: resumeStep)
        let queue = try TelemetryQueue(), clock = RunClock.startingNow()
        let stops = try plan.modelWorkers.map { _ in try WorkerMailbox<WorkerCommand>() }
        let workers = try plan.modelWorkers.indices.map { index in
            try OwnThread(name: "test") {
                serve(index, settings, context, runtime, queue, clock, stops[index])
            }
        }
        var run = TrialRun()
        do {
            let orders = try WorkerMailbox<WorkerCommand>()
            for order in early { orders.post(.order(order)) }
            let master = try MasterWorker(
                settings, context: context, runtime: runtime, orders: orders, news: try WorkerMailbox(), queue: queue,
                progress: WorkerProgress(), clock: clock, logger: .worker(.master, queue: queue, clock: clock))
            run.outcome = try master.run()
            // The sockets linger until every reset is out.
            for worker in workers { worker.join() }
        } catch {
            run.failure = describe(error)
            // No reset comes from a master that failed: the context's end releases the workers.
            context.shutdown()
            for worker in workers { worker.join() }
        }
        run.sort(queue.drain())
        return run
    }

    private static func serve(
        _ index: Int, _ settings: MasterSettings, _ context: ZeroMQContext, _ runtime: RuntimeFolder,
        _ queue: TelemetryQueue, _ clock: RunClock, _ orders: WorkerMailbox<WorkerCommand>
    ) {
        let logger = Logger(
            label: "worker", factory: { _ in WorkerLogHandler(queue: queue, clock: clock, write: { _ in }) })
        do {
            let progress = WorkerProgress()
            let executor = try ModelExecutor(
                plan: settings.plan, worker: index, resumeStep: settings.resumeStep,
                dataManager: try DataManager(worker: index, context: context, runtime: runtime),
                spans: SpanRecorder(queue: queue, clock: clock), logger: logger, progress: progress, clock: clock)
            _ = try ModelWorker(
                worker: index, executor: executor, context: context, runtime: runtime, orders: orders,
                progress: progress, logger: logger
            ).run()
        } catch {
            logger.error("worker \(index) ended: \(describe(error))")
        }
    }

    private mutating func sort(_ records: [TelemetryRecord]) {
        for record in records {
            switch record {
            case .metrics(let step, _, let values):
                for metric in values
                where !metric.name.hasPrefix("timeperf/") && !metric.name.hasSuffix("tokens_per_second") {
                    metrics[step, default: [:]][metric.name] = metric.value
                }
            case .span(let span): if span.endNs > 0 { spans.append(span) }
            case .buffer(let buffer): buffers.append(buffer)
            case .log(let log): logs.append(log.message)
            case .checkpoint(let checkpoint): checkpoints.append(checkpoint)
            }
        }
    }
}
