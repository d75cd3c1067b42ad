import GRDB
import Glibc

/// Puts a run back under its name when another program has taken its file away, or the log or the index beside it.
///
/// The writer's connection still sees everything that was ever committed. That is copied to a file of its own, page by
/// page, and the copy takes the name. Folding the log back into the old file would be less work, but another program may
/// have begun a log of its own there by now, and two of them in one file are damage.
enum Rescue {
    /// A copy that is whole and lacks only its name; a crash may leave it.
    private static func copy(of path: String) -> String { "\(path).rescued" }

    /// Whether a crash left a whole copy without its name.
    static func isUnfinished(_ path: String) -> Bool { access(copy(of: path), F_OK) == 0 }

    /// Copies what `held` sees to `path`.
    /// - Parameter own: files that may lie there and be replaced; any other is set aside.
    /// - Returns: where what lay there is now; nil when nothing had to be set aside.
    static func save(_ held: SQLiteFile, own: [FileIdentity], to path: String) throws(StoreError) -> String? {
        let draft = "\(path).rescue"
        for suffix in ["", "-journal"] { unlink("\(draft)\(suffix)") }
        try RunFile.makeEmpty(draft)
        let target = try SQLiteFile(creating: draft)
        let copying: Result<Void, StoreError>
        do throws(StoreError) {
            copying = .success(try held.access { source in try target.access { try source.backup(to: $0) } })
        } catch {
            copying = .failure(error)
        }
        try target.close()
        if case .failure = copying { unlink(draft) }
        try copying.get()
        try move(draft, to: copy(of: path))
        var aside: String?
        if let there = FileIdentity.of(path), !own.contains(there) { aside = try setAside(path, own: own) }
        try finish(path)
        return aside
    }

    /// Gives a copy that is whole its name; nothing is to be done where there is none.
    static func finish(_ path: String) throws(StoreError) {
        guard isUnfinished(path) else { return }
        // They belong to the file that is replaced, and would be played back into the copy.
        for suffix in ["-wal", "-shm"] { unlink("\(path)\(suffix)") }
        try move(copy(of: path), to: path)
    }

    private static func setAside(_ path: String, own: [FileIdentity]) throws(StoreError) -> String {
        var number = 1
        while access("\(path).aside-\(number)", F_OK) == 0 { number += 1 }
        let aside = "\(path).aside-\(number)"
        // The log that lies there may still be the run's; played back into another file it would be damage.
        if let log = FileIdentity.of("\(path)-wal"), !own.contains(log) { try move("\(path)-wal", to: "\(aside)-wal") }
        try move(path, to: aside)
        return aside
    }

    private static func move(_ old: String, to new: String) throws(StoreError) {
        guard rename(old, new) == 0 else {
            throw StoreError(.database, path: new, detail: String(cString: strerror(errno)))
        }
    }
}
