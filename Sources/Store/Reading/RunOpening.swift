import GRDB
import Glibc

/// How a run's file is opened by those who only read it: so that nothing is written beside it, wherever that can be.
struct RunOpening: Sendable {
    let file: SQLiteFile
    /// What this way of reading leaves out, a sentence each.
    let damage: [String]
    /// Whether another way should be looked for when there is a log.
    private let isWithoutLog: Bool

    /// What lies beside the file under the name of its log.
    enum Log: Equatable {
        case absent
        case empty
        case filled

        static func beside(_ path: String) -> Log {
            var information = stat()
            guard stat("\(path)-wal", &information) == 0 else { return .absent }
            return information.st_size > 0 ? .filled : .empty
        }
    }

    /// Opens the file at `path`: `.notFound`, `.damaged`, `.newerSchema` or `.permission` when that cannot be.
    /// - Parameter look: how the log is looked for.
    static func open(_ path: String, look: (String) -> Log = Log.beside) throws(StoreError) -> RunOpening {
        // A run that is taken up or closed gets or loses its log between the look at it and what is read of the file;
        // what is said of the log is true only where a second look sees the same.
        for _ in 0..<mostLooks {
            let log = look(path)
            let opening = try open(path, log: log)
            if opening.damage.isEmpty || look(path) == log { return opening }
        }
        return try open(path, log: look(path))
    }

    /// A run is taken up or closed seldom: a log that comes and goes more often than this is no writer's.
    private static let mostLooks = 8

    private static func open(_ path: String, log: Log) throws(StoreError) -> RunOpening {
        // Reading beside a log makes an index of it in the same folder. Without one the file is all there is. A log that
        // is empty may be that of a live run, whose own process must not close the file past SQLite's locks.
        if log == .absent { return try open(path, mode: .immutable, log: log) }
        do {
            return try open(path, mode: .reading, log: log)
        } catch {
            // Where the index cannot be made, nobody can be writing either, and the file is read as it is.
            guard error.code == .permission else { throw error }
            do {
                return try open(path, mode: .immutable, log: log)
            } catch let second {
                throw second.code == .permission ? error : second
            }
        }
    }

    static func open(_ path: String, mode: SQLiteFile.Mode) throws(StoreError) -> RunOpening {
        try open(path, mode: mode, log: .beside(path))
    }

    private static func open(_ path: String, mode: SQLiteFile.Mode, log: Log) throws(StoreError) -> RunOpening {
        let file = try SQLiteFile(path: path, mode: mode)
        let missing = try file.reading { database in
            try OlderSchema.prepare(database, version: try SchemaMigrator.run.check(database, path: path))
            return log == .filled ? nil : try missingLog(database, beside: log)
        }
        let isCut = mode == .immutable && log == .filled
        let cut = isCut ? "the write-ahead log cannot be read on this medium: the newest records are missing" : nil
        return RunOpening(
            file: file, damage: [cut, missing].compactMap { $0 },
            isWithoutLog: mode == .immutable && log == .absent)
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
    private static func missingLog(_ database: Database, beside log: Log) throws -> String? {
        if log == .empty, try RunState.load(database)?.orchestrator?.isAlive == true { return nil }
        return try RunFile.missingLog(database)
    }

    /// Whether somebody has begun to write since a file without a log was opened: what was read of it is no longer all.
    var isOutdated: Bool { isWithoutLog && Log.beside(file.path) != .absent }
}
