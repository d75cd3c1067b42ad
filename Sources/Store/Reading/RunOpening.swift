import GRDB
import Glibc

/// How a run's file is opened by those who only read it: so that nothing is written beside it, wherever that can be.
struct RunOpening: Sendable {
    let file: SQLiteFile
    /// What this way of reading leaves out, a sentence each.
    let damage: [String]
    /// Whether another way should be looked for when the log has grown.
    private let isWithoutLog: Bool

    /// Opens the file at `path`: `.notFound`, `.damaged`, `.newerSchema` or `.permission` when that cannot be.
    static func open(_ path: String) throws(StoreError) -> RunOpening {
        // Reading beside a log makes an index of it in the same folder. Without one the file is all there is.
        if logSize(path) == 0 { return try open(path, mode: .immutable) }
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
        let isWithoutLog = mode == .immutable && logSize(path) == 0
        let file = try SQLiteFile(path: path, mode: mode)
        try file.reading { _ = try SchemaMigrator.run.check($0, path: path) }
        let isCut = mode == .immutable && !isWithoutLog
        return RunOpening(
            file: file,
            damage: isCut ? ["the write-ahead log cannot be read on this medium: the newest records are missing"] : [],
            isWithoutLog: isWithoutLog)
    }

    /// Whether somebody has begun to write since a file without a log was opened: what was read of it is no longer all.
    var isOutdated: Bool { isWithoutLog && Self.logSize(file.path) > 0 }

    /// 0 where there is none.
    private static func logSize(_ path: String) -> Int {
        var information = stat()
        return stat("\(path)-wal", &information) == 0 ? information.st_size : 0
    }
}
