import Glibc

/// Says that this process writes a run, for as long as it lives: an flock goes with its holder, however that ends.
struct WriterLock: ~Copyable {
    private let descriptor: Int32

    /// Takes the lock beside `database`, or throws `.busy`.
    static func take(_ database: String) throws(StoreError) -> WriterLock {
        let descriptor = open("\(database).lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw StoreError(errno == ENOSPC ? .diskFull : .permission, path: database, detail: reason)
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw StoreError(.busy, path: database)
        }
        return WriterLock(descriptor: descriptor)
    }

    private init(descriptor: Int32) { self.descriptor = descriptor }

    // The file stays: removing it would let a third process lock a name that a second still holds open.
    deinit { close(descriptor) }
}
