import Glibc

/// Says that this process writes a file, for as long as it lives: an flock goes with its holder, however that ends.
struct WriterLock: ~Copyable {
    private var descriptor: Int32

    /// Takes the lock beside `database`, or throws `.busy`.
    static func take(_ database: String) throws(StoreError) -> WriterLock {
        let lock = WriterLock(descriptor: try open(database))
        guard flock(lock.descriptor, LOCK_EX | LOCK_NB) == 0 else { throw StoreError(.busy, path: database) }
        return lock
    }

    /// Takes the lock beside `database` when its holder lets go of it; for work that ends by itself.
    static func wait(for database: String) throws(StoreError) -> WriterLock {
        let lock = WriterLock(descriptor: try open(database))
        while flock(lock.descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else {
                throw StoreError(.permission, path: database, detail: String(cString: strerror(errno)))
            }
        }
        return lock
    }

    /// Whether the file is still this process's to write. A lock that somebody removed is taken again.
    mutating func renew(_ database: String) -> Bool {
        if let held = FileIdentity.of(descriptor: descriptor), held == FileIdentity.of("\(database).lock") {
            return true
        }
        guard let fresh = try? Self.open(database) else { return true }
        guard flock(fresh, LOCK_EX | LOCK_NB) == 0 else {
            close(fresh)
            return false
        }
        close(descriptor)
        descriptor = fresh
        return true
    }

    private static func open(_ database: String) throws(StoreError) -> Int32 {
        let descriptor = Glibc.open("\(database).lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw StoreError(errno == ENOSPC ? .diskFull : .permission, path: database, detail: reason)
        }
        return descriptor
    }

    private init(descriptor: Int32) { self.descriptor = descriptor }

    // The file stays: removing it would let a third process lock a name that a second still holds open.
    deinit {
        // Closing alone leaves it to a child that another thread is just starting: until exec that has the file open, too.
        _ = flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
