import Glibc
import Logging
package import Protocol

/// The body of the hidden `worker` command: one worker process from its first message to its exit status.
package enum WorkerMain {
    /// How long the orchestrator may acknowledge nothing before the last telemetry is left on the disk.
    private static let farewell = Duration.seconds(10)

    /// Runs worker `id` of the trial whose sockets are in `runtimePath`. Returns the exit status.
    /// - Parameter launch: which process of the worker in the attempt this is, from 0.
    package static func run(id: WorkerID, attempt: UInt64, launch: UInt64 = 0, runtimePath: String) -> Int32 {
        let epoch = TelemetryEpoch(attempt: attempt, launch: launch)
        do {
            return try WorkerProcess(id: id, epoch: epoch, runtime: RuntimeFolder(path: runtimePath)).run()
        } catch {
            writeToStandardError("\(logTimestamp()) ERROR: \(id): \(describe(error))\n")
            return ExitCode.failure
        }
    }

    /// The threads of one worker process and what they share.
    private struct WorkerProcess {
        let id: WorkerID
        let epoch: TelemetryEpoch
        let runtime: RuntimeFolder
        let context = ZeroMQContext()
        let orders: WorkerMailbox<WorkerCommand>
        let news: WorkerMailbox<WorkerNews>
        let progress = WorkerProgress()
        let wholeSteps: WholeSteps

        init(id: WorkerID, epoch: TelemetryEpoch, runtime: RuntimeFolder) throws {
            self.id = id
            self.epoch = epoch
            self.runtime = runtime
            orders = try WorkerMailbox()
            let news = try WorkerMailbox<WorkerNews>()
            self.news = news
            wholeSteps = WholeSteps { news.post(.saved($0)) }
        }

        func run() throws -> Int32 {
            try runtime.checkOwner()
            let queue = try TelemetryQueue(whileFull: tells(.queue))
            let publisher = TelemetryPublisher(
                context: context, endpoint: try runtime.telemetry(), source: id.description, epoch: epoch.rawValue,
                queue: queue, complain: complain)
            let control = ControlThread(
                worker: id, epoch: epoch, context: context, endpoint: try runtime.control(), processID: getpid(),
                orders: orders, news: news, progress: progress, saveWhole: wholeSteps.saveInBackground,
                hurry: publisher.hurry, complain: complain)
            let thread = try OwnThread(name: "control") { [complain, orders] in
                do {
                    try control.run()
                } catch {
                    complain("control has ended: \(describe(error))")
                    // Nobody can reach this worker any more, so it leaves by itself.
                    orders.post(.order(.exit))
                }
            }
            defer { thread.join() }
            guard let configuration = try configuration() else {
                news.post(.stopped(step: 0))
                return ExitCode.success
            }
            return runConfigured(configuration, queue, publisher)
        }

        private var complain: @Sendable (String) -> Void {
            { [id] text in writeToStandardError("\(logTimestamp()) WARNING: \(id): \(text)\n") }
        }

        /// Lets heartbeats say what the worker waits for.
        private func tells(_ wait: DiskWait) -> @Sendable () -> Void {
            { [progress] in progress.works(on: wait.rawValue, step: progress.step) }
        }

        /// Waits for configure; nil where exit came first.
        private func configuration() throws -> WireConfigure? {
            while true {
                _ = try Poller.wait([orders.pollItem], timeout: nil)
                for command in orders.take() {
                    if case .configure(let configuration) = command { return configuration }
                    if command == .order(.exit) { return nil }
                }
            }
        }

        private func runConfigured(
            _ configuration: WireConfigure, _ queue: TelemetryQueue, _ publisher: TelemetryPublisher
        ) -> Int32 {
            do {
                try publisher.start()
                let clock = RunClock(originNanoseconds: configuration.clockOriginNs)
                let logger = Logger.worker(id, queue: queue, clock: clock)
                var ending: WorkerNews
                do {
                    ending = try work(configuration, queue, clock, logger)
                } catch {
                    let report = describe(error)
                    logger.error("\(report)")
                    ending = .failed(report, step: progress.step, Persistence(of: error))
                }
                // A process that leaves would cut a save off that goes on beside it.
                wholeSteps.join()
                // The last records are on disk before the orchestrator hears of the end and takes the worker down.
                let spool = TelemetrySpool.path(in: configuration.trialFolder, worker: id, epoch: epoch)
                let farewell = publisher.close(
                    patience: WorkerMain.farewell, spool: spool, whileWaiting: tells(.telemetry))
                ending = ending.after(farewell, step: progress.step)
                news.post(ending)
                if case .failed = ending { return ExitCode.failure }
                return ExitCode.success
            } catch {
                news.post(.failed(describe(error), step: 0, Persistence(of: error)))
                return ExitCode.failure
            }
        }

        private func work(
            _ configuration: WireConfigure, _ queue: TelemetryQueue, _ clock: RunClock, _ logger: Logger
        ) throws -> WorkerNews {
            let plan = try TrialPlan(configuration.plan)
            guard let resumeStep = Int(exactly: configuration.resumeStep), resumeStep <= plan.totalSteps else {
                throw WorkerError(
                    .plan,
                    "trial \(plan.id) has \(plan.totalSteps) steps and cannot go on after step "
                        + "\(configuration.resumeStep)")
            }
            switch id.kind {
            case .master: return try runMaster(plan, resumeStep, configuration, queue, clock, logger)
            case .model: return try runModelWorker(plan, resumeStep, configuration, queue, clock, logger)
            }
        }

        private func runMaster(
            _ plan: TrialPlan, _ resumeStep: Int, _ configuration: WireConfigure, _ queue: TelemetryQueue,
            _ clock: RunClock, _ logger: Logger
        ) throws -> WorkerNews {
            let settings = MasterSettings(
                plan: plan, attempt: epoch.attempt, checkpoints: "\(configuration.trialFolder)/checkpoints",
                resumeStep: resumeStep)
            let master = try MasterWorker(
                settings, context: context, runtime: runtime, orders: orders, news: news, queue: queue,
                progress: progress, clock: clock, logger: logger)
            guard try waitForStart() else { return .stopped(step: configuration.resumeStep) }
            news.post(.running(step: configuration.resumeStep))
            switch try master.run() {
            case .completed: return .completed(step: progress.step)
            case .stopped: return .stopped(step: progress.step)
            }
        }

        private func runModelWorker(
            _ plan: TrialPlan, _ resumeStep: Int, _ configuration: WireConfigure, _ queue: TelemetryQueue,
            _ clock: RunClock, _ logger: Logger
        ) throws -> WorkerNews {
            wholeSteps.setCheckpoints("\(configuration.trialFolder)/checkpoints")
            let executor = try ModelExecutor(
                plan: plan, worker: id.index, resumeStep: resumeStep,
                dataManager: try DataManager(worker: id.index, context: context, runtime: runtime),
                spans: SpanRecorder(queue: queue, clock: clock, epoch: epoch), logger: logger, progress: progress,
                clock: clock,
                wholeSteps: wholeSteps)
            guard try waitForStart() else { return .stopped(step: configuration.resumeStep) }
            news.post(.running(step: configuration.resumeStep))
            let worker = try ModelWorker(
                worker: id.index, executor: executor, context: context, runtime: runtime, orders: orders,
                progress: progress, logger: logger)
            switch try worker.run() {
            case .completed: return .completed(step: progress.step)
            case .stopped: return .stopped(step: progress.step)
            }
        }

        /// Reports configured and waits for start; false where exit came first.
        private func waitForStart() throws -> Bool {
            news.post(.configured)
            while true {
                progress.waits()
                _ = try Poller.wait([orders.pollItem], timeout: nil)
                for command in orders.take() {
                    if command == .order(.start) { return true }
                    if command == .order(.exit) { return false }
                }
            }
        }
    }
}

extension WorkerNews {
    /// The end of a worker whose last telemetry came to `farewell`.
    func after(_ farewell: TelemetryPublisher.Farewell, step: UInt64) -> WorkerNews {
        switch (farewell, self) {
        case (.lost(let reason), _): .failed(reason, step: step)
        // Who has completed has every record stored.
        case (.abandoned, .failed), (.stored, _), (.spooled, _): self
        case (.abandoned(let reason), _): .stopped(step: step, leaving: reason)
        }
    }
}
