import Glibc
import Protocol

/// The file operations a checkpoint is made of, one call per system call, so that a test can fail any of them.
package protocol CheckpointFiles: Sendable {
    /// Makes one folder; an existing one is fine.
    func makeFolder(_ path: String) throws(FileFault)
    /// Creates or truncates a file for writing and returns its descriptor.
    func create(_ path: String) throws(FileFault) -> Int32
    /// Writes all bytes; `path` only names the file in a fault.
    func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws(FileFault)
    /// Puts the file's bytes on the disk and closes it; closed also when this throws.
    func finish(_ descriptor: Int32, path: String) throws(FileFault)
    /// Puts a folder's names on the disk.
    func syncFolder(_ path: String) throws(FileFault)
    /// Renames within one file system.
    func rename(_ old: String, to new: String) throws(FileFault)
    /// Removes a folder and everything in it; an absent one is fine.
    func removeFolder(_ path: String) throws(FileFault)
}

/// A file operation that failed: which, on what, and the system's error number.
package struct FileFault: Error, Equatable {
    package let operation: String
    package let path: String
    package let number: Int32

    package init(_ operation: String, _ path: String, number: Int32) {
        self.operation = operation
        self.path = path
        self.number = number
    }

    /// The system's words for the error number.
    package var reason: String { String(cString: strerror(number)) }
}

/// The real file system.
package struct SystemFiles: CheckpointFiles {
    package init() {}

    package func makeFolder(_ path: String) throws(FileFault) {
        if mkdir(path, 0o700) == 0 {
            // Whatever the umask says.
            if chmod(path, 0o700) != 0 { throw FileFault("chmod", path, number: errno) }
        } else if errno != EEXIST {
            throw FileFault("mkdir", path, number: errno)
        }
    }

    package func create(_ path: String) throws(FileFault) -> Int32 {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFault("create", path, number: errno) }
        return descriptor
    }

    package func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws(FileFault) {
        var rest = bytes[...]
        while let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
            let written = Glibc.write(descriptor, start, rest.count)
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw FileFault("write", path, number: written == 0 ? ENOSPC : errno) }
            rest = rest.dropFirst(written)
        }
    }

    package func finish(_ descriptor: Int32, path: String) throws(FileFault) {
        let synced = fsync(descriptor)
        let number = errno
        let closed = close(descriptor)
        if synced != 0 { throw FileFault("fsync", path, number: number) }
        if closed != 0 { throw FileFault("close", path, number: errno) }
    }

    package func syncFolder(_ path: String) throws(FileFault) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFault("open", path, number: errno) }
        defer { close(descriptor) }
        if fsync(descriptor) != 0 { throw FileFault("fsync", path, number: errno) }
    }

    package func rename(_ old: String, to new: String) throws(FileFault) {
        if Glibc.rename(old, new) != 0 { throw FileFault("rename", old, number: errno) }
    }

    package func removeFolder(_ path: String) throws(FileFault) {
        guard let names = FolderListing.names(in: path) else {
            if errno == ENOENT { return }
            throw FileFault("open", path, number: errno)
        }
        for name in names {
            let child = path + "/" + name
            if unlink(child) != 0 {
                if errno == EISDIR { try removeFolder(child) } else { throw FileFault("remove", child, number: errno) }
            }
        }
        if rmdir(path) != 0 { throw FileFault("remove", path, number: errno) }
    }
}
