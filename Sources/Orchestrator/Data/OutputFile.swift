import Glibc
import Protocol

/// Writes files that a person named.
///
/// A plain file is replaced in one piece, so that whoever reads it meanwhile, or a full disk, leaves the old content.
/// A device, a pipe or a link is what the person wants written to and not what should be replaced: a link's target
/// takes the text, and so does what else has no content of its own.
package enum OutputFile {
    /// Writes `text` to `path`.
    package static func write(_ text: String, to path: String) throws(OutputFileError) {
        let bytes = Array(text.utf8)
        guard let target = replaceable(path) else { return try writeThrough(bytes, to: path) }
        // A folder that takes no new file may hold one that can be written.
        guard let draft = try draft(beside: target, for: path) else { return try writeThrough(bytes, to: path) }
        guard fill(draft.descriptor, with: bytes), rename(draft.path, target) == 0 else {
            let error = OutputFileError(path: path)
            unlink(draft.path)
            throw error
        }
    }

    /// The plain file at the end of all links that `path` names, or will name; nil for anything else. A file with a
    /// second name has to keep it.
    private static func replaceable(_ path: String) -> String? {
        var information = stat()
        guard stat(path, &information) == 0 else {
            // A link that leads nowhere is written through: its target is made.
            return errno == ENOENT && lstat(path, &information) != 0 ? path : nil
        }
        guard information.st_mode & S_IFMT == S_IFREG, information.st_nlink == 1,
            let resolved = realpath(path, nil)
        else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func writeThrough(_ bytes: [UInt8], to path: String) throws(OutputFileError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0o666)
        guard descriptor >= 0, fill(descriptor, with: bytes) else { throw OutputFileError(path: path) }
    }

    /// Writes all bytes and closes the file; whether that worked.
    private static func fill(_ descriptor: Int32, with bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let reason = errno
                close(descriptor)
                errno = reason
                return false
            }
            rest = rest.dropFirst(count)
        }
        return close(descriptor) == 0
    }

    /// A new file beside the one it will replace.
    private struct Draft {
        let path: String
        let descriptor: Int32
    }

    /// A new file with the rights of `target`; nil where the folder takes none.
    private static func draft(beside target: String, for path: String) throws(OutputFileError) -> Draft? {
        var information = stat()
        let isThere = stat(target, &information) == 0
        let draft = Draft(
            path: "\(target).\(getpid()).new",
            descriptor: open("\(target).\(getpid()).new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666))
        if draft.descriptor < 0 {
            if isThere, errno == EACCES || errno == EPERM { return nil }
            throw OutputFileError(path: path)
        }
        // A file that cannot be given the old one's rights is still a file with the right content.
        if isThere { fchmod(draft.descriptor, information.st_mode & 0o7777) }
        return draft
    }
}

/// Why a file that a person named was not written.
package struct OutputFileError: UserFacingError {
    package let summary: String
    package let detail: String
    package let hint: String? = "name a file in a folder that exists and that you may write to"

    /// With the reason that the last system call gave.
    fileprivate init(path: String) {
        detail = String(cString: strerror(errno))
        summary = "\(path) cannot be written"
    }
}
