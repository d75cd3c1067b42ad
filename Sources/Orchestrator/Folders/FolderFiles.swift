import Glibc
import Protocol

/// The few file operations a trial's folder needs; each reports the path it failed on.
enum FolderFiles {
    /// Makes `path` and its missing parents, readable by the user only.
    static func makeFolder(_ path: String) throws(LaunchError) {
        if try isMade(path) { return }
        if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try makeFolder(String(path[..<slash]))
            if try isMade(path) { return }
        }
        throw failure("\(path) cannot be made")
    }

    /// Whether there is a folder now; something else in its place is an error.
    private static func isMade(_ path: String) throws(LaunchError) -> Bool {
        // The mode is set again because the umask may have taken some of it.
        if mkdir(path, 0o700) == 0 { return chmod(path, 0o700) == 0 }
        guard errno == EEXIST else { return false }
        var information = stat()
        guard stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFDIR else {
            throw LaunchError(.folder, "\(path) is in the way: it is no folder")
        }
        return true
    }

    /// Writes a file so that a reader, or a crash, sees the old content or the new one.
    static func replace(_ path: String, with bytes: [UInt8]) throws(LaunchError) {
        let temporary = "\(path).new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("\(temporary) cannot be written") }
        guard fchmod(descriptor, 0o600) == 0, fill(descriptor, with: bytes), rename(temporary, path) == 0 else {
            let error = failure("\(path) cannot be written")
            unlink(temporary)
            throw error
        }
    }

    /// Writes over an existing file where it lies: what fits into its blocks needs no room on the disk.
    static func overwrite(_ path: String, with bytes: [UInt8]) throws(LaunchError) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0, fill(descriptor, with: bytes), truncate(path, bytes.count) == 0 else {
            throw failure("\(path) cannot be written")
        }
    }

    /// Writes all bytes, down to the disk, and closes the file; whether that worked.
    private static func fill(_ descriptor: Int32, with bytes: [UInt8]) -> Bool {
        var isWritten = true
        var done = 0
        while isWritten, done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            isWritten = count > 0
            done += max(0, count)
        }
        isWritten = isWritten && fsync(descriptor) == 0
        return close(descriptor) == 0 && isWritten
    }

    /// Removes everything under `folder` but `kept`, never following a link.
    static func empty(_ folder: String, keeping kept: Set<String>) throws(LaunchError) {
        for name in FolderListing.names(in: folder) ?? [] where !kept.contains(name) {
            let path = "\(folder)/\(name)"
            var information = stat()
            guard lstat(path, &information) == 0 else { continue }
            if information.st_mode & S_IFMT == S_IFDIR {
                try empty(path, keeping: [])
                guard rmdir(path) == 0 else { throw failure("\(path) cannot be removed") }
            } else {
                guard unlink(path) == 0 else { throw failure("\(path) cannot be removed") }
            }
        }
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Whether the name is given, also to a link that leads nowhere.
    static func isTaken(_ path: String) -> Bool {
        var information = stat()
        return lstat(path, &information) == 0
    }

    /// In bytes; 0 for what is not there.
    static func size(_ path: String) -> Int {
        var information = stat()
        return stat(path, &information) == 0 ? information.st_size : 0
    }

    private static func failure(_ what: String) -> LaunchError {
        LaunchError(.folder, "\(what): \(String(cString: strerror(errno)))")
    }
}
