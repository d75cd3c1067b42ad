import Dispatch
import GRDB
import Glibc

/// One connection to one SQLite file, with the store's settings and errors.
///
/// Calls block; GRDB serialises them on a queue of its own.
final class SQLiteFile: Sendable {
    enum Mode: Sendable {
        /// The one writer, or a catalogue's many: waits for others up to the busy timeout.
        case writing
        case reading
        /// For media that cannot be written: no lock, no shared memory, and a write-ahead log is not seen.
        case immutable
    }

    let path: String
    let mode: Mode
    private let queue: DatabaseQueue

    /// Opens a connection; the file must exist.
    convenience init(path: String, mode: Mode) throws(StoreError) {
        try Self.checkHeader(path)
        try self.init(unchecked: path, mode: mode)
    }

    /// Opens a file that is still empty, to be filled.
    convenience init(creating path: String) throws(StoreError) { try self.init(unchecked: path, mode: .writing) }

    private init(unchecked path: String, mode: Mode) throws(StoreError) {
        self.path = path
        self.mode = mode
        var configuration = Configuration()
        configuration.readonly = mode != .writing
        configuration.busyMode = .timeout(5)
        configuration.foreignKeysEnabled = false
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { database in
            // Readers look at few pages; the default of 2 MB a connection would be most of a dashboard's memory.
            try database.execute(sql: mode == .writing ? "PRAGMA cache_size = -8192" : "PRAGMA cache_size = -1024")
        }
        queue = try Self.mapping(path) {
            try DatabaseQueue(
                path: mode == .immutable ? Self.immutableAddress(path) : path, configuration: configuration)
        }
    }

    /// Runs `body` on the connection; a transaction may stay open from one call to the next.
    func access<T>(_ body: (Database) throws -> T) throws(StoreError) -> T {
        try Self.mapping(path) { try queue.inDatabase(body) }
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

    /// Closes the connection; the last one to a file folds its write-ahead log back.
    func close() throws(StoreError) { try Self.mapping(path) { try queue.close() } }

    // MARK: - Errors

    private static func mapping<T>(_ path: String, _ body: () throws -> T) throws(StoreError) -> T {
        do {
            return try body()
        } catch let error as StoreError {
            throw error
        } catch let error as DatabaseError {
            throw StoreError(code(of: error, path: path), path: path, detail: error.message ?? "\(error.resultCode)")
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
        case .SQLITE_IOERR: isDiskFull(path) ? .diskFull : .database
        default: .database
        }
    }

    private static func isDiskFull(_ path: String) -> Bool {
        var information = statvfs()
        return statvfs(path, &information) == 0 && information.f_bavail < 16
    }

    // MARK: - Opening

    /// SQLite takes an empty file for a new database and reports a foreign one late; both are told apart here.
    private static func checkHeader(_ path: String) throws(StoreError) {
        // Opening a pipe would wait for somebody at its other end.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw StoreError(
                errno == EACCES ? .permission : .notFound, path: path, detail: String(cString: strerror(errno)))
        }
        defer { Glibc.close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            throw StoreError(.notFound, path: path, detail: "it is no plain file")
        }
        var header = [UInt8](repeating: 0, count: 16)
        let count = read(descriptor, &header, 16)
        guard count == 16, header == Array("SQLite format 3\0".utf8) else {
            throw StoreError(
                .damaged, path: path, detail: count == 0 ? "the file is empty" : "it is no SQLite database")
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
