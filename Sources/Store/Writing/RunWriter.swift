import GRDB
import Glibc
package import Protocol

/// The only writer of a run, confined to one thread.
///
/// Appends gather in one open transaction until `commit()`. Whenever an append or a commit throws, everything since
/// the last commit is rolled back: senders still hold their batches, which nobody has acknowledged, and what the
/// orchestrator itself appended is kept here and goes into the next transaction.
package final class RunWriter {
    package let header: RunHeader
    private(set) var file: SQLiteFile
    private var folder: LogFolder
    /// What the names led to when the file was opened, and what a rescue put there before it could open it.
    private var files: DatabaseFiles
    private var placed: FileIdentity?
    private var notices: [String] = []
    /// Held until the file is closed.
    private var lock: WriterLock?
    /// The state that the open transaction stands at; nil after a rollback, until the next transaction begins.
    private var ledger: Ledger?
    private(set) var isOpen = false
    /// Whether the open transaction holds something that must survive a power cut.
    private var needsBarrier = false
    /// The orchestrator's own records since the last commit.
    private var owed: [LocalRecords] = []
    private static let owedLimit = 1024

    private init(_ opened: Opened, lock: consuming WriterLock) {
        file = opened.file
        folder = opened.folder
        files = opened.files
        self.lock = consume lock
        header = opened.header
        ledger = opened.ledger
    }

    // MARK: - Opening

    /// Makes the database of a new trial; `.exists` when there is one already.
    package static func create(_ folder: TrialFolder, header: RunHeader) throws(StoreError) -> RunWriter {
        try makeFolders(to: folder.path)
        return try create(path: folder.database, header: header)
    }

    /// Opens the database of a trial that is to go on; older schemas are migrated.
    package static func open(_ folder: TrialFolder) throws(StoreError) -> RunWriter { try open(path: folder.database) }

    static func create(path: String, header: RunHeader) throws(StoreError) -> RunWriter {
        let lock = try WriterLock.take(path)
        guard access(path, F_OK) != 0 else { throw StoreError(.exists, path: path) }
        // What is left of a run that was removed by hand would be played back into the new one.
        for suffix in ["-wal", "-shm", "-journal"] { unlink("\(path)\(suffix)") }
        // Built beside and renamed, so that a crash in here leaves no half-made run behind.
        let draft = "\(path).new"
        try RunFile.make(draft, header: header)
        guard rename(draft, path) == 0 else {
            throw StoreError(.database, path: path, detail: String(cString: strerror(errno)))
        }
        return try open(path: path, lock: lock)
    }

    static func open(path: String) throws(StoreError) -> RunWriter {
        // Without this a mistyped trial would leave a lock file behind.
        guard access(path, F_OK) == 0 || Rescue.isUnfinished(path) else { throw StoreError(.notFound, path: path) }
        let lock = try WriterLock.take(path)
        try Rescue.finish(path)
        return try open(path: path, lock: lock)
    }

    private static func open(path: String, lock: consuming WriterLock) throws(StoreError) -> RunWriter {
        RunWriter(try connect(path), lock: lock)
    }

    private struct Opened {
        let file: SQLiteFile
        let folder: LogFolder
        let files: DatabaseFiles
        let header: RunHeader
        let ledger: Ledger
    }

    private static func connect(_ path: String) throws(StoreError) -> Opened {
        let file = try SQLiteFile(path: path, mode: .writing)
        let (header, ledger) = try file.access { database in
            let version = try SchemaMigrator.run.check(database, path: path)
            try SchemaMigrator.run.migrate(database, from: version)
            // Debian's SQLite zeroes what it deletes: every sealed tail row would be written once more.
            try database.execute(
                sql: """
                    PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
                    PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = OFF;
                    PRAGMA journal_size_limit = \(LogFolder.softLimit);
                    """)
            let found = (try RunFile.header(database, path: path), try Ledger.load(database))
            // On a full disk it cannot be said yet; each commit says it again.
            try? RunFile.say(.open, database)
            return found
        }
        return Opened(
            file: file, folder: try LogFolder(path: path), files: DatabaseFiles(path: path), header: header,
            ledger: ledger)
    }

    private static func makeFolders(to path: String) throws(StoreError) {
        var partial = ""
        for part in path.split(separator: "/") {
            partial += "/\(part)"
            if mkdir(partial, 0o700) != 0, errno != EEXIST {
                throw StoreError(
                    errno == ENOSPC ? .diskFull : .permission, path: path, detail: String(cString: strerror(errno)))
            }
        }
    }

    // MARK: - What senders say

    /// Appends a batch to the open transaction when it is the next of its source and epoch.
    package func append(_ batch: WireTelemetryBatch) throws(StoreError) -> AppendOutcome {
        let key = Ledger.SourceKey(name: batch.source, epoch: batch.epoch)
        switch TelemetryAcceptance.decide(seq: batch.seq, last: try currentLedger().sequences[key] ?? 0) {
        case .repeated(let last): return .repeated(last)
        case .gap(let last): return .gap(last)
        case .accept: break
        }
        try appending { appender in
            try appender.append(batch)
            needsBarrier = needsBarrier || !batch.checkpoints.isEmpty
        }
        return .accepted(batch.seq)
    }

    /// Appends what the orchestrator saw itself. Also when this throws the records are kept, and stored with the next
    /// transaction that succeeds (at most the last 1,024 calls).
    package func append(local records: LocalRecords) throws(StoreError) {
        guard isOpen else {
            remember(records)
            return try appending { _ in }
        }
        remember(records)
        try appending { appender in
            try appender.append(records)
            needsBarrier = needsBarrier || !records.checkpoints.isEmpty
        }
    }

    /// Says that a new set of processes continues after `resumeStep`: later steps of older attempts are hidden from now
    /// on. Commits at once, through to the disk.
    package func beginAttempt(_ attempt: Int, resumeStep: Int, time: Int64, reason: String) throws(StoreError) {
        try commit()
        try appending { try $0.begin(attempt: attempt, resumeStep: resumeStep, time: time, reason: reason) }
        needsBarrier = true
        try commit()
    }

    /// Stores the status with a lifecycle record of that name, unless both status and detail are what they were.
    /// Commits at once, through to the disk.
    /// - Parameter orchestrator: who answers for it; nil when nobody does any more.
    package func setStatus(
        _ status: TrialStatus, detail: String, time: Int64, orchestrator: ProcessIdentity?
    ) throws(StoreError) {
        try commit()
        try appending { try $0.set(status, detail: detail, time: time, orchestrator: orchestrator) }
        needsBarrier = true
        try commit()
    }

    // MARK: - Transactions

    /// The number of the newest attempt; 0 before the first.
    package func attempt() throws(StoreError) -> Int { try currentLedger().attempt }

    /// Commits what was appended: after it returns, all of it may be acknowledged, and is where the run's name leads.
    package func commit() throws(StoreError) {
        if isOpen { try commitOpen() }
        try stayInPlace()
    }

    private func commitOpen() throws(StoreError) {
        let ledger = try currentLedger()
        try rollingBack {
            try file.access { database in
                try Appender(database: database, ledger: ledger).finish()
                try database.commit()
            }
        }
        isOpen = false
        owed.removeAll()
        // Where this throws, the next commit tries again: the group is stored, but a power cut could still take it.
        if needsBarrier { try syncToDisk() }
        needsBarrier = false
        // A fold that does not succeed now is tried again after the next commit.
        if folder.committed() == .foldNow { try? file.access { try $0.run("PRAGMA wal_checkpoint(RESTART)") } }
    }

    /// Commits, folds the log back and closes the file. The run is then one plain file.
    package func close() throws(StoreError) {
        try commit()
        try folder.close()
        try file.access { database in
            try RunFile.say(.closed, database)
            try database.run("PRAGMA wal_checkpoint(TRUNCATE)")
        }
        try file.close()
        lock = nil
    }

    /// What happened to the run's file since this was last asked, in words for the person it belongs to.
    package func takeNotices() -> [String] {
        defer { notices = [] }
        return notices
    }

    /// Where another program took the file away, or the log or the index beside it, what is held is put there again.
    ///
    /// Where that cannot be now it throws, and the next call tries again: until then nothing is acknowledged.
    private func stayInPlace() throws(StoreError) {
        let lost = files.lost(in: DatabaseFiles(path: file.path))
        guard !lost.isEmpty else { return }
        try Self.makeFolders(to: String(file.path.prefix(upTo: file.path.lastIndex(of: "/") ?? file.path.startIndex)))
        // Another trial may have been begun in its place: what lies there now is not this writer's.
        guard lock?.renew(file.path) ?? false else { throw StoreError(.busy, path: file.path) }
        let aside = try Rescue.save(file, own: [files.database, files.log, placed].compactMap(\.self), to: file.path)
        placed = .of(file.path)
        let opened = try Self.connect(file.path)
        // Both see nothing any more that is not in the copy.
        try? folder.abandon()
        try? file.abandon()
        (file, folder, files, ledger, placed) = (opened.file, opened.folder, opened.files, opened.ledger, nil)
        let kept = aside.map { "; what lay there is now \($0)" } ?? ""
        notices.append(
            "another program removed or replaced \(lost.joined(separator: ", ")): "
                + "everything stored was written there again\(kept)")
    }

    /// A tiny commit at `synchronous = FULL` takes the whole log to the disk with it; the level cannot be changed
    /// inside a transaction, and what needs it is known only once the batch is there.
    private func syncToDisk() throws(StoreError) {
        try file.access { database in
            try database.execute(sql: "PRAGMA synchronous = FULL")
            defer { try? database.execute(sql: "PRAGMA synchronous = NORMAL") }
            try database.run("UPDATE run SET durable = durable + 1")
        }
    }

    private func appending(_ body: (Appender) throws -> Void) throws(StoreError) {
        try rollingBack { try appendInside(body) }
    }

    private func appendInside(_ body: (Appender) throws -> Void) throws {
        let ledger = try currentLedger()
        try file.access { database in
            let appender = Appender(database: database, ledger: ledger)
            if !isOpen {
                try database.beginTransaction(.immediate)
                isOpen = true
                for records in owed {
                    try appender.append(records)
                    needsBarrier = needsBarrier || !records.checkpoints.isEmpty
                }
            }
            try body(appender)
        }
    }

    private func rollingBack(_ body: () throws -> Void) throws(StoreError) {
        do {
            try body()
        } catch {
            isOpen = false
            needsBarrier = false
            ledger = nil
            // SQLite may have rolled back by itself; the error that led here is the one that counts.
            try? file.access { try $0.rollback() }
            throw error as? StoreError ?? StoreError(.database, path: file.path, detail: "\(error)")
        }
    }

    func currentLedger() throws(StoreError) -> Ledger {
        if let ledger { return ledger }
        let loaded = try file.access { try Ledger.load($0) }
        ledger = loaded
        return loaded
    }

    private func remember(_ records: LocalRecords) {
        if owed.count >= Self.owedLimit { owed.removeFirst() }
        owed.append(records)
    }
}
