internal import CProcess
import Glibc
package import Protocol

/// Says that one orchestrator drives a trial: a lock on an open file that goes with its holder, however that ends.
package final class TrialLock {
    private var descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    // The file stays: removing it would let a third process lock a name that a second still holds open.
    deinit {
        // Closing alone leaves it to a child that another thread is just starting: until exec that has the file open, too.
        _ = cprocess_unlock(descriptor)
        close(descriptor)
    }

    /// Takes the lock or says who holds it.
    package static func take(_ folder: TrialFolder) throws(LaunchError) -> TrialLock {
        let descriptor = open(folder.lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else {
            throw LaunchError(.folder, "\(folder.lock) cannot be opened: \(String(cString: strerror(errno)))")
        }
        let result = cprocess_lock(descriptor)
        guard result == 0 else {
            let holder = holder(descriptor)
            close(descriptor)
            if result == -EAGAIN || result == -EACCES { throw refusal(folder.id, holder: holder) }
            throw LaunchError(
                .folder, "\(folder.lock) cannot be locked: \(String(cString: strerror(-result)))",
                detail: "The file system there keeps no locks, so nothing would keep two trials from writing one run.",
                hint: "set COCKPIT_HOME to a folder on a local disk")
        }
        let lock = TrialLock(descriptor: descriptor)
        lock.writeHolder()
        return lock
    }

    /// What has become of a lock whose file anybody may remove.
    package enum Standing: Sendable, Equatable {
        case held
        /// Its file was gone, and is there again.
        case takenAgain
        /// Another orchestrator has the folder now.
        case lost
    }

    /// Looks whether the folder still has this lock, and takes it again where its file was removed.
    package func renew(in folder: TrialFolder) -> Standing {
        var own = stat(), there = stat()
        guard fstat(descriptor, &own) == 0 else { return .held }
        if stat(folder.lock, &there) == 0, there.st_ino == own.st_ino, there.st_dev == own.st_dev { return .held }
        try? FolderFiles.makeFolder(folder.path)
        let fresh = open(folder.lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        // What cannot be made now is tried again at the next look.
        guard fresh >= 0 else { return .held }
        let result = cprocess_lock(fresh)
        guard result == 0 else {
            close(fresh)
            return result == -EAGAIN || result == -EACCES ? .lost : .held
        }
        _ = cprocess_unlock(descriptor)
        close(descriptor)
        descriptor = fresh
        writeHolder()
        return .takenAgain
    }

    /// The pid of the orchestrator that drives the trial now; nil when none does.
    package static func holder(of folder: TrialFolder) -> Int32? {
        let descriptor = open(folder.lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if cprocess_is_locked(descriptor) != 1 { return nil }
        return holder(descriptor) ?? 0
    }

    /// Whether an orchestrator holds the lock of this very folder, on whatever machine the file system reaches.
    static func isHeld(_ folder: TrialFolder) -> Bool { holder(of: folder) != nil }

    static func refusal(_ id: TrialID, holder: Int32?) -> LaunchError {
        let pid = holder.map { " (orchestrator pid \($0))" } ?? ""
        return LaunchError(
            .alreadyRunning, "trial \(id) is already running\(pid)",
            hint: "watch it with: cockpit attach \(LaunchError.flags(id)); "
                + "end it with: cockpit stop \(LaunchError.flags(id))")
    }

    private func writeHolder() {
        // Only for the message of a refusal: the lock itself does not depend on it, so a full disk is no reason to stop.
        let text = Array("\(getpid())\n".utf8)
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, text, text.count, 0) }
    }

    private static func holder(_ descriptor: Int32) -> Int32? {
        var buffer = [UInt8](repeating: 0, count: 32)
        let got = pread(descriptor, &buffer, buffer.count, 0)
        guard got > 0 else { return nil }
        return Int32(String(decoding: buffer[..<got].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
}
