import GRDB
import Glibc

/// How a run's file is opened by those who only read it: so that nothing is written beside it, wherever that can be.
struct RunOpening: Sendable {
    let file: SQLiteFile
    /// What this way of reading leaves out, a sentence each.
    let damage: [String]
    /// Whether another way should be looked for when there is a log.
    private let isWithoutLog: Bool

    /// Opens the file at `path`: `.notFound`, `.damaged`, `.newerSchema` or `.permission` when that cannot be.
    static func open(_ path: String) throws(StoreError) -> RunOpening {
        // Reading beside a log makes an index of it in the same folder. Without one the file is all there is. A log that
        // is empty may be that of a live run, whose own process must not close the file past SQLite's locks.
        if logSize(path) == nil { return try open(path, mode: .immutable) }
        do {
            return try open(path, mode: .reading)
        } catch {
            // Where the index cannot be made, nobody can be writing either, and the file is read as it is.
            guard error.code == .permission else { throw error }
            do {
                return try open(path, mode: .immutable)
            } catch let second {
                throw second.code == .permission ? error : second
            }
        }
    }

    static func open(_ path: String, mode: SQLiteFile.Mode) throws(StoreError) -> RunOpening {
        let log = logSize(path)
        let file = try SQLiteFile(path: path, mode: mode)
        let missing = try file.reading { database in
            try OlderSchema.prepare(database, version: try SchemaMigrator.run.check(database, path: path))
            return log ?? 0 == 0 ? try missingLog(database, hadLog: log != nil) : nil
        }
        let isCut = mode == .immutable && log ?? 0 > 0
        let cut = isCut ? "the write-ahead log cannot be read on this medium: the newest records are missing" : nil
        return RunOpening(
            file: file, damage: [cut, missing].compactMap { $0 },
            isWithoutLog: mode == .immutable && log == nil)
    }

    /// Runs `body` in one read transaction, in which a file of an older version looks like one of today.
    func reading<T>(_ body: (Database) throws -> T) throws(StoreError) -> T {
        try file.reading { database in
            try OlderSchema.prepare(database, version: try SchemaMigrator.run.check(database, path: file.path))
            return try body(database)
        }
    }

    /// An empty log is what a live run has for a moment after its log was folded back; without any, a run that was not
    /// closed has lost it.
    private static func missingLog(_ database: Database, hadLog: Bool) throws -> String? {
        if hadLog, try RunState.load(database)?.orchestrator?.isAlive == true { return nil }
        return try RunFile.missingLog(database)
    }

    /// Whether somebody has begun to write since a file without a log was opened: what was read of it is no longer all.
    var isOutdated: Bool { isWithoutLog && Self.logSize(file.path) != nil }

    /// nil where there is no log.
    private static func logSize(_ path: String) -> Int? {
        var information = stat()
        return stat("\(path)-wal", &information) == 0 ? information.st_size : nil
    }
}
