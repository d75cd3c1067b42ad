package import Protocol
package import Store
import Synchronization

/// The thread that owns the run's writer and the telemetry socket, from opening them to closing them.
package final class IngestThread {
    /// What the supervisor learns once the store is open.
    package struct Opened: Sendable {
        package let header: RunHeader
        /// The newest attempt in the store; 0 for a new run.
        package let lastAttempt: Int
        package let clock: RunClock
    }

    /// How the thread gets what it owns; called on it.
    package struct Parts: Sendable {
        package var context: ZeroMQContext
        package var runtime: RuntimeFolder
        package var folder: TrialFolder
        package var plan: TrialPlan
        package var openStore: @Sendable () throws -> any RunStore
        package var openCatalog: @Sendable () throws -> RunCatalog
        /// Told of every commit.
        package var recorded = RecordedStep()
        /// The newest time in a run that is resumed, nanoseconds since its start.
        package var lastStored: @Sendable () -> Int64 = { 0 }
        /// How long a trial that has ended tries to write what a full disk refuses.
        package var longestLastTry: Duration = .seconds(10)

        package init(
            context: ZeroMQContext, runtime: RuntimeFolder, folder: TrialFolder, plan: TrialPlan,
            openStore: @escaping @Sendable () throws -> any RunStore,
            openCatalog: @escaping @Sendable () throws -> RunCatalog
        ) {
            self.context = context
            self.runtime = runtime
            self.folder = folder
            self.plan = plan
            self.openStore = openStore
            self.openCatalog = openCatalog
        }
    }

    package let opened: Opened
    private let thread: OwnThread
    private let outcome: Outcome

    private init(opened: Opened, thread: OwnThread, outcome: Outcome) {
        self.opened = opened
        self.thread = thread
        self.outcome = outcome
    }

    /// Starts the thread and returns once the store is open and the socket bound.
    package static func start(_ parts: Parts, queue: IngestQueue) throws -> IngestThread {
        let outcome = Outcome(isOpened: try WakeUp(), hasEnded: try WakeUp())
        let thread = try OwnThread(name: "ingest") { runIngest(parts, queue, outcome) }
        var opened: Result<Opened, any Error>?
        while opened == nil {
            _ = try Poller.wait([outcome.isOpened.pollItem], timeout: nil)
            opened = outcome.value.withLock { $0 }
        }
        guard let opened = try opened?.get() else { preconditionFailure("the loop ends with a value") }
        return IngestThread(opened: opened, thread: thread, outcome: outcome)
    }

    /// Readable once the store is closed.
    package var pollItem: PollItem { outcome.hasEnded.pollItem }
    /// How it ended; nil while it runs.
    package var end: IngestEnd? { outcome.end.withLock { $0 } }

    /// Waits for the thread to have closed the store; the queue must have been closed.
    @discardableResult
    package func join() -> IngestEnd {
        thread.join()
        return end ?? .stored
    }
}

/// Whether the store holds all of a trial.
package enum IngestEnd: Sendable, Equatable {
    case stored
    /// What kept it from being stored.
    case unstored(String)
}

/// Where the new thread leaves what it found.
private final class Outcome: Sendable {
    let value = Mutex<Result<IngestThread.Opened, any Error>?>(nil)
    let end = Mutex<IngestEnd?>(nil)
    let isOpened: WakeUp
    let hasEnded: WakeUp

    init(isOpened: WakeUp, hasEnded: WakeUp) {
        self.isOpened = isOpened
        self.hasEnded = hasEnded
    }
}

@Sendable nonisolated private func runIngest(
    _ parts: IngestThread.Parts, _ queue: IngestQueue, _ outcome: Outcome
) {
    do {
        let lastStored = parts.lastStored()
        let store = try parts.openStore()
        let socket = try ZeroMQSocket.open(parts.context, .router)
        try socket.bind(parts.runtime.telemetry())
        // The run's zero lies where its wall clock says, also after a restart of the machine, if it can be believed.
        let age = ResumedTime.age(
            startedWall: store.header.startedWall, wall: RunClock.wallNanoseconds(), lastStored: lastStored)
        let clock = RunClock(originNanoseconds: RunClock.bootNanoseconds() - age)
        let opened = IngestThread.Opened(header: store.header, lastAttempt: try store.attempt(), clock: clock)
        let entry = CatalogEntry(
            id: parts.plan.id, status: .pending, statusDetail: "", startedWall: store.header.startedWall,
            updatedWall: RunClock.wallNanoseconds(), step: 0, totalSteps: parts.plan.totalSteps,
            orchestrator: ProcessIdentity.current(), last: [:])
        let catalog = try CatalogThread.start(parts.openCatalog)
        let ingest = Ingest(
            store: store, socket: socket, queue: queue, folder: parts.folder, workers: parts.plan.workers, clock: clock,
            catalog: CatalogDesk(entry: entry, put: catalog.put), longestLastTry: parts.longestLastTry,
            runtime: parts.runtime, recorded: parts.recorded)
        // Before anybody asks the store from which step to go on.
        ingest.takeInSpool()
        outcome.value.withLock { $0 = .success(opened) }
        outcome.isOpened.signal()
        let end = ingest.run()
        catalog.close()
        outcome.end.withLock { $0 = end }
        outcome.hasEnded.signal()
    } catch {
        outcome.value.withLock { $0 = .failure(error) }
        outcome.isOpened.signal()
    }
}
