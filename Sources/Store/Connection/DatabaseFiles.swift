import Glibc

/// Which file a name leads to, however it is called.
struct FileIdentity: Sendable, Equatable {
    let device: UInt64
    let inode: UInt64

    /// nil where the name leads nowhere.
    static func of(_ path: String) -> FileIdentity? {
        var information = stat()
        return stat(path, &information) == 0 ? FileIdentity(information) : nil
    }

    /// Of a file that is open, whatever its name leads to by now.
    static func of(descriptor: Int32) -> FileIdentity? {
        var information = stat()
        return fstat(descriptor, &information) == 0 ? FileIdentity(information) : nil
    }

    private init(_ information: stat) {
        device = UInt64(information.st_dev)
        inode = UInt64(information.st_ino)
    }
}

/// The files that a database consists of, as their names led to them at one moment.
///
/// SQLite goes on in the files it has open, also when their names lead elsewhere by now; then nobody else sees what it
/// commits, and it is gone with the process. Names are only looked at, never opened: a process that closes any
/// descriptor of a file loses all its POSIX locks on it, and those of SQLite are what keeps other programs from taking
/// a log for left over.
struct DatabaseFiles: Sendable, Equatable {
    let path: String
    let database: FileIdentity?
    let log: FileIdentity?
    let index: FileIdentity?

    init(path: String) {
        self.path = path
        database = .of(path)
        log = .of("\(path)-wal")
        index = .of("\(path)-shm")
    }

    /// The names that lead elsewhere, or nowhere, in `later`.
    func lost(in later: DatabaseFiles) -> [String] {
        let sides = [(database, later.database, ""), (log, later.log, "-wal"), (index, later.index, "-shm")]
        return sides.filter { $0.0 != $0.1 }.map { "\(path)\($0.2)" }
    }
}
