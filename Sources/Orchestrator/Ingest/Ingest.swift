import Glibc
import Protocol
import Store

/// Takes telemetry and the orchestrator's own records into the store and acknowledges what is committed.
///
/// Confined to the thread that runs it, which owns the store and the telemetry socket; a slow disk delays nothing else.
final class Ingest {
    private let store: any RunStore
    private let socket: ZeroMQSocket
    private let queue: IngestQueue
    private let workers: Set<String>
    private let spool: SpoolIntake
    private let clock: RunClock
    private var catalog: CatalogDesk
    private var group = GroupCommit()
    private var outage = StoreOutage()
    private var garbage = RateLimitedCount()
    private var tally = ProgressTally()
    /// Taken from the queue, not yet in the store. While that refuses nothing is taken: the queue has a limit.
    private var backlog: [IngestQueue.Entry] = []
    private var records: RunRecordDesk
    /// Bytes of the batches in the open group.
    private var groupBytes = 0
    private var refusal: StoreError?
    private let recorded: RecordedStep
    private let runtime: RuntimeFolder

    private static let batchesAtOnce = 64
    /// A closing trial waits this long without a frame before it believes that there is none.
    private static let quietTime: Duration = .milliseconds(100)
    private static let longestDrain: Int64 = 2_000_000_000
    /// How long a trial that has ended tries to write what a full disk refuses.
    private let longestLastTry: Duration

    init(
        store: any RunStore, socket: consuming ZeroMQSocket, queue: IngestQueue, folder: TrialFolder,
        workers: [WorkerID], clock: RunClock, catalog: CatalogDesk, longestLastTry: Duration,
        runtime: RuntimeFolder, recorded: RecordedStep = RecordedStep()
    ) {
        self.runtime = runtime
        self.recorded = recorded
        self.longestLastTry = longestLastTry
        self.store = store
        self.socket = socket
        self.queue = queue
        self.workers = Set(workers.map(\.description))
        spool = SpoolIntake(trial: folder, workers: self.workers)
        records = RunRecordDesk(folder: folder)
        self.clock = clock
        self.catalog = catalog
    }

    /// Runs until the queue is closed and everything that came before is stored, or nobody waits for that any more.
    func run() -> IngestEnd {
        while true {
            let isReadable = waitForWork()
            // What the store takes again is stored before it is asked for more.
            if outage.isOngoing { storeBacklog() }
            let taken = outage.isOngoing ? queue.takeButEntries() : queue.take()
            if taken.isClosing { drainSocket() }
            backlog += taken.entries
            if taken.dropped > 0 {
                note(.warning, "\(taken.dropped) records of the orchestrator were dropped: the store did not keep up")
            }
            if taken.isClosing { return finish(with: taken.runRecord) }
            if let record = taken.runRecord { records.put(record) }
            noteEndOfOutage(now: now())
            storeBacklog()
            if isReadable { takeFrames() }
            if group.isDue(now: now()) { commit() }
            records.write()
            catalog.update(tally: &tally, now: now())
        }
    }

    private func now() -> Int64 { RunClock.bootNanoseconds() }

    private func waitForWork() -> Bool {
        let deadlines = [group.deadline, outage.retryAt, outage.endsAt, catalog.deadline(tally)].compactMap { $0 }
        let timeout = deadlines.min().map { Duration.nanoseconds(max(0, $0 - now())) }
        // A poll that fails has nothing to say about the sockets; the next round tries again.
        let ready = (try? Poller.wait([socket.pollItem, queue.wakeUp.pollItem], timeout: timeout)) ?? [true, true]
        return ready[0]
    }

    // MARK: - Frames

    private func takeFrames() {
        for _ in 0..<Self.batchesAtOnce {
            guard let frames = receive() else { return }
            take(frames)
        }
    }

    private func receive() -> [[UInt8]]? {
        // A receive that fails leaves the message to its sender, who sends it again.
        (try? socket.receive()) ?? nil
    }

    private func take(_ frames: [[UInt8]]) {
        guard let batch = batch(in: frames) else {
            if let count = garbage.count(now: now()) {
                note(.warning, "\(count) telemetry frames were refused: they are no batch of a worker of this trial")
            }
            return
        }
        // While the store refuses, batches stay with their senders.
        if outage.isOngoing { return }
        do {
            switch try store.append(batch) {
            case .accepted(let seq):
                tally.take(batch)
                groupBytes += frames[1].count
                group.owe(frames[0], epoch: batch.epoch, seq: seq, now: now())
            case .repeated(let last), .gap(let last):
                group.owe(frames[0], epoch: batch.epoch, seq: last, now: now())
            }
            if group.isDue(now: now()) { commit() }
        } catch {
            storeFailed(error)
        }
    }

    /// The batch of a message from a worker of this trial that speaks for itself.
    private func batch(in frames: [[UInt8]]) -> WireTelemetryBatch? {
        guard frames.count == 2, let batch = try? WireCodec.decode(WireTelemetryBatch.self, from: frames[1]),
            frames[0] == Array(batch.source.utf8), workers.contains(batch.source)
        else { return nil }
        return batch
    }

    /// The last words of workers that have already left.
    private func drainSocket() {
        let end = now() + Self.longestDrain
        while now() < end {
            let isReadable = (try? Poller.wait([socket.pollItem], timeout: Self.quietTime)[0]) ?? false
            if !isReadable { return }
            takeFrames()
        }
    }

    // MARK: - The store

    private func storeBacklog() {
        guard !outage.isActive(now: now()), outage.isOngoing || !backlog.isEmpty else { return }
        do {
            if outage.isOngoing {
                // Also with nothing new to store: the writer holds what could not be stored before.
                try store.append(local: LocalRecords())
                try store.commit()
            }
            while let entry = backlog.first {
                // The writer keeps records itself when it fails; the rest is tried again from here.
                if entry.isRecords { backlog.removeFirst() }
                try store(entry)
                if !entry.isRecords { backlog.removeFirst() }
            }
            storeSucceeded()
        } catch {
            storeFailed(error)
        }
    }

    private func store(_ entry: IngestQueue.Entry) throws(StoreError) {
        switch entry {
        case .records(let records):
            try store.append(local: records)
            group.touched(now: now())
        case .attempt(let attempt, let resumeStep, let time, let reason):
            try store.beginAttempt(attempt, resumeStep: resumeStep, time: time, reason: reason)
            acknowledge()
            tally.rewind(to: resumeStep)
            recorded.rewind(to: resumeStep)
            // The workers of the attempt connect anew; a folder that was swept away meanwhile has no socket for them.
            if let endpoint = try? runtime.telemetry() { _ = try? socket.bindAgain(endpoint) }
        case .status(let status, let detail, let time):
            let identity = status.isTerminal ? nil : ProcessIdentity.current()
            try store.setStatus(status, detail: detail, time: time, orchestrator: identity)
            acknowledge()
            catalog.status(status, detail: detail)
        }
    }

    private func commit() {
        // An empty transaction succeeds on any disk and would say nothing: the backlog is what tries again.
        guard !outage.isOngoing else { return group.rolledBack() }
        do {
            try store.commit()
            acknowledge()
            storeSucceeded()
        } catch {
            storeFailed(error)
        }
    }

    private func acknowledge() {
        recorded.reached(tally.step)
        for owed in group.committed() {
            let message = WireTelemetryAck.make { ack in
                ack.epoch = owed.epoch
                ack.seq = owed.seq
            }
            // A worker that is gone or whose queue is full asks again by sending again.
            if let frame = try? WireCodec.encode(message) { _ = try? socket.send([owed.identity, frame]) }
        }
    }

    private func storeFailed(_ error: StoreError) {
        group.rolledBack()
        refusal = error
        if outage.failed(now: now()) {
            Diagnostics.write("storing has stopped, the trial goes on: \(words(of: error))")
            remember(.error, "storing had stopped: \(error.summary)", event: .storeRefused)
        }
        records.say("storing has stopped: \(words(of: error))")
        groupBytes = 0
    }

    /// The error, and that nobody has to do anything about it where that is so.
    private func words(of error: StoreError) -> String {
        cause(error) + (error.code == .diskFull ? "; it goes on by itself when there is room" : "")
    }

    /// The error with how much room there is and how much is needed, where that is what is wrong.
    private func cause(_ error: StoreError) -> String {
        guard error.code == .diskFull, let room = DiskRoom.at(error.path) else {
            return error.detail.isEmpty ? error.summary : "\(error.summary): \(error.detail)"
        }
        // SQLite writes whole pages to its log, and later to the database: small records cost several times their size.
        let needed = DiskRoom.words(UInt64(max(1 << 18, 8 * groupBytes)))
        return "\(error.summary): \(room.words), about \(needed) are needed"
    }

    private func storeSucceeded() {
        outage.succeeded(now: now())
        refusal = nil
        groupBytes = 0
        records.say(nil)
        for notice in store.takeNotices() { note(.warning, notice) }
    }

    /// Stores what workers left on the disk when nobody took it; - Returns: whether nothing of it is left.
    @discardableResult
    func takeInSpool() -> Bool {
        guard !outage.isActive(now: now()) else { return false }
        do {
            for file in try spool.takeIn(store) {
                for batch in file.stored { tally.take(batch) }
                if let words = file.words { note(file.problem == nil ? .info : .warning, words) }
            }
            return true
        } catch {
            storeFailed(error)
            return false
        }
    }

    private func noteEndOfOutage(now: Int64) {
        if outage.isOver(now: now) { note(.info, "storing goes on", event: .storeRecovered) }
    }

    // MARK: - Words of its own

    private func note(_ level: LogLevel, _ message: String, event: LifecycleKind? = nil) {
        Diagnostics.write(message)
        remember(level, message, event: event)
    }

    /// Into the store with the next transaction.
    private func remember(_ level: LogLevel, _ message: String, event: LifecycleKind? = nil) {
        let time = clock.now()
        let events = event.map { LifecycleRow(time: time, kind: $0.rawValue, worker: "", detail: message) }
        backlog.append(
            .records(
                LocalRecords(logs: [.orchestrator(level, message, time: time)], lifecycle: events.map { [$0] } ?? [])))
    }

    // MARK: - The end

    /// A trial that has done all its steps has completed when all of it is stored, however long a full disk takes for
    /// that. Any other end, and one that somebody hurries, is not waited for so long.
    /// - Parameter record: says how the trial ended, so it waits for that to be stored.
    private func finish(with record: RunRecord?) -> IngestEnd {
        var record = record
        let isCompletion = backlog.contains { if case .status(.completed, _, _) = $0 { true } else { false } }
        let end = ContinuousClock.now + longestLastTry
        var isStored = false
        while true {
            commit()
            if takeInSpool() { storeBacklog() }
            commit()
            isStored = backlog.isEmpty && !outage.isOngoing
            if isStored, let last = record {
                records.put(last)
                record = nil
            }
            records.write()
            if isStored, records.isSettled { break }
            let isPatient = isCompletion && !isStored && (refusal?.mayPass ?? true)
            if queue.isHurried || (!isPatient && ContinuousClock.now >= end) { break }
            // The disk tells nobody when it has room again.
            let wait = max(0, (outage.retryAt ?? now()) - now()) + 1_000_000
            _ = try? Poller.wait([queue.wakeUp.pollItem], timeout: .nanoseconds(wait))
            queue.wakeUp.drain()
        }
        if let record { records.put(record) }
        let outcome = isStored ? IngestEnd.stored : .unstored(refusal.map(cause) ?? "the store refused it")
        if case .unstored(let reason) = outcome {
            let isLess = "the last records could not be stored: \(reason)"
            if isCompletion {
                settle(.stopped, detail: "all steps are done, but \(isLess)")
                backlog.removeAll()
            } else if let record {
                let detail = [record.statusDetail, isLess].filter { !$0.isEmpty }.joined(separator: "; ")
                settle(record.status, detail: detail)
            }
        }
        noteEndOfOutage(now: .max)
        storeBacklog()
        commit()
        catalog.update(tally: &tally, now: .max)
        do {
            try store.close()
        } catch {
            Diagnostics.write("the run was not closed cleanly: \(error.summary) \(error.detail)")
        }
        records.leave()
        return outcome
    }

    /// The trial has ended otherwise than its run can tell.
    private func settle(_ status: TrialStatus, detail: String) {
        records.correct(status, detail: detail)
        catalog.status(status, detail: detail)
    }
}

extension StoreError {
    /// Whether it ends without a hand: a damaged file does not.
    fileprivate var mayPass: Bool { code == .diskFull || code == .fileLimit || code == .busy }
}
