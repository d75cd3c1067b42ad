import GRDB
import GRDBSQLite
import Glibc
import Synchronization

/// One connection to one SQLite file, with the store's settings and errors.
///
/// Calls block; GRDB serialises them on a queue of its own. Nothing here opens the file but SQLite: see `DatabaseFiles`.
final class SQLiteFile: Sendable {
    enum Mode: Sendable {
        /// The one writer, or a catalogue's many: waits for others up to the busy timeout.
        case writing
        case reading
        /// For media that cannot be written: no lock, no shared memory, and a write-ahead log is not seen.
        case immutable
    }

    private struct Connection {
        let queue: DatabaseQueue
        /// What the names led to when it was opened.
        let files: DatabaseFiles
    }

    let path: String
    let mode: Mode
    private let connection: Mutex<Connection>

    /// Opens a connection; the file must exist.
    convenience init(path: String, mode: Mode) throws(StoreError) {
        try Self.checkPlace(path)
        try self.init(unchecked: path, mode: mode)
    }

    /// Opens a file that is still empty, to be filled.
    convenience init(creating path: String) throws(StoreError) { try self.init(unchecked: path, mode: .writing) }

    private init(unchecked path: String, mode: Mode) throws(StoreError) {
        self.path = path
        self.mode = mode
        connection = Mutex(try Self.connect(path, mode))
    }

    private static func connect(_ path: String, _ mode: Mode) throws(StoreError) -> Connection {
        var configuration = Configuration()
        configuration.readonly = mode != .writing
        configuration.busyMode = .timeout(5)
        configuration.foreignKeysEnabled = false
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { database in
            // Readers look at few pages; the default of 2 MB a connection would be most of a dashboard's memory.
            try database.execute(sql: mode == .writing ? "PRAGMA cache_size = -8192" : "PRAGMA cache_size = -1024")
        }
        let queue = try mapping(path) {
            try DatabaseQueue(path: mode == .immutable ? immutableAddress(path) : path, configuration: configuration)
        }
        return Connection(queue: queue, files: DatabaseFiles(path: path))
    }

    /// Runs `body` on the connection; a transaction may stay open from one call to the next.
    ///
    /// A reader goes with the name: where that leads to another file by now, the connection is made anew.
    func access<T>(_ body: (Database) throws -> T) throws(StoreError) -> T {
        let queue = mode == .reading ? try newestQueue() : connection.withLock { $0.queue }
        return try Self.mapping(path) { try queue.inDatabase(body) }
    }

    private func newestQueue() throws(StoreError) -> DatabaseQueue {
        let held = connection.withLock { $0 }
        let now = DatabaseFiles(path: path)
        // Where the name leads nowhere, what is open is all there is.
        if held.files == now || now.database == nil { return held.queue }
        try Self.checkPlace(path)
        let opened = try Self.connect(path, mode)
        connection.withLock { $0 = opened }
        return opened.queue
    }

    /// Runs `body` in one read transaction that ends with the call.
    func reading<T>(_ body: (Database) throws -> T) throws(StoreError) -> T {
        try access { database in
            try database.beginTransaction(.deferred)
            // Ending a read transaction cannot lose anything; an error here must not hide the one from the body.
            defer { try? database.rollback() }
            return try body(database)
        }
    }

    /// Copies the whole database into another file, as it is at this moment.
    func backUp(to other: SQLiteFile) throws(StoreError) {
        let source = connection.withLock { $0.queue }, destination = other.connection.withLock { $0.queue }
        try Self.mapping(other.path) { try source.backup(to: destination) }
    }

    /// Closes the connection; the last one to a file folds its write-ahead log back.
    func close() throws(StoreError) {
        let queue = connection.withLock { $0.queue }
        try Self.mapping(path) { try queue.close() }
    }

    /// Closes the connection and removes no file: the names may belong to another database by now.
    func abandon() throws(StoreError) {
        let queue = connection.withLock { $0.queue }
        try Self.mapping(path) {
            queue.inDatabase { database in
                var isKept: Int32 = 1
                _ = sqlite3_file_control(database.sqliteConnection, "main", SQLITE_FCNTL_PERSIST_WAL, &isKept)
            }
            try queue.close()
        }
    }

    // MARK: - Errors

    private static func mapping<T>(_ path: String, _ body: () throws -> T) throws(StoreError) -> T {
        do {
            return try body()
        } catch let error as StoreError {
            throw error
        } catch let error as DatabaseError {
            let isForeign = error.extendedResultCode.primaryResultCode == .SQLITE_NOTADB
            let words = isForeign ? "it is no SQLite database" : error.message ?? "\(error.resultCode)"
            throw StoreError(code(of: error, path: path), path: path, detail: words)
        } catch {
            throw StoreError(.database, path: path, detail: "\(error)")
        }
    }

    private static func code(of error: DatabaseError, path: String) -> StoreError.Code {
        switch error.extendedResultCode.primaryResultCode {
        case .SQLITE_FULL: .diskFull
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: .damaged
        case .SQLITE_BUSY, .SQLITE_LOCKED: .busy
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH, .SQLITE_CANTOPEN: .permission
        // Growing the log's index fails as a plain I/O error even when the cause is a full disk.
        // What could not be read has nothing to do with room on the disk.
        case .SQLITE_IOERR where [.SQLITE_IOERR_READ, .SQLITE_IOERR_SHORT_READ].contains(error.extendedResultCode):
            .database
        case .SQLITE_IOERR: isDiskFull(path) ? .diskFull : isAtFileLimit(path) ? .fileLimit : .database
        default: .database
        }
    }

    private static func isDiskFull(_ path: String) -> Bool {
        var information = statvfs()
        return statvfs(path, &information) == 0 && information.f_bavail < 16
    }

    /// Whether the file or its log is as large as this process may make one, within what one write takes.
    private static func isAtFileLimit(_ path: String) -> Bool {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0, limit.rlim_cur != .max else {
            return false
        }
        return ["", "-wal", "-shm"].contains { suffix in
            var information = stat()
            guard stat("\(path)\(suffix)", &information) == 0 else { return false }
            return UInt64(information.st_size) + (1 << 16) >= UInt64(limit.rlim_cur)
        }
    }

    // MARK: - Opening

    /// SQLite would make a file that is not there, take an empty one for a new database, and wait for a pipe's other end.
    private static func checkPlace(_ path: String) throws(StoreError) {
        var information = stat()
        guard stat(path, &information) == 0, faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0 else {
            throw StoreError(
                errno == EACCES ? .permission : .notFound, path: path, detail: String(cString: strerror(errno)))
        }
        guard information.st_mode & S_IFMT == S_IFREG else {
            throw StoreError(.notFound, path: path, detail: "it is no plain file")
        }
        guard information.st_size > 0 else { throw StoreError(.damaged, path: path, detail: "the file is empty") }
        // SQLite takes what is smaller than its smallest page for a new database.
        guard information.st_size >= 512 else {
            throw StoreError(.damaged, path: path, detail: "it is no SQLite database")
        }
    }

    private static func immutableAddress(_ path: String) -> String {
        let plain = path.utf8.map { byte -> String in
            let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
            if isPlain || byte == 0x2f || byte == 0x2e || byte == 0x2d || byte == 0x5f {
                return String(UnicodeScalar(byte))
            }
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "%0\(digits)" : "%\(digits)"
        }
        return "file:\(plain.joined())?immutable=1"
    }
}
