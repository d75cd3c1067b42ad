import Glibc

/// The errors of files, in one place so that they read alike.
extension ComputeError {
    /// A file that cannot be what its name says; `reason` names the tensor or field.
    package static func damaged(
        _ path: String, _ reason: String, hint: String = "Restore the file, or choose an older checkpoint."
    ) -> ComputeError {
        ComputeError(
            .damagedFile, summary: "\(fileName(path)) cannot be used: \(quotable(reason))", detail: path, hint: hint)
    }

    /// A file operation that the system refused.
    package static func file(_ fault: FileFault) -> ComputeError {
        let isFull = fault.number == ENOSPC || fault.number == EDQUOT
        return ComputeError(
            isFull ? .diskFull : .fileSystem,
            summary: "Cannot \(fault.operation) \(fileName(fault.path)): \(fault.reason)", detail: fault.path,
            hint: hint(of: fault))
    }

    /// What helps depends on whether the file was to be read or written.
    private static func hint(of fault: FileFault) -> String {
        switch (fault.operation, fault.number) {
        case ("read", EFBIG): "It is larger than such a file can be: check that it is what its name says."
        case (_, EFBIG): "No file may grow beyond what `ulimit -f` says: raise it and start again."
        case ("open", EISDIR): "Put a regular file, or a link to one, in its place."
        case ("open", ENOENT), ("read", EIO): "Check that the file is there and whole."
        case ("open", EACCES), ("open", EPERM), ("read", _):
            "Check that this user may read the file and enter its folder."
        default: "Check that the disk has room and the folder may be written."
        }
    }

    /// Text or tokens outside a vocabulary.
    package static func tokenizer(_ reason: String) -> ComputeError {
        ComputeError(
            .unknownToken, summary: "The tokenizer cannot use this: \(reason)", detail: "",
            hint: "Correct the row, or build the vocabulary from data that has every character.")
    }

    /// Numbers that are NaN or infinite where they must not be.
    package static func notFinite(_ what: String, hint: String) -> ComputeError {
        ComputeError(.notFinite, summary: "\(what) is not finite.", detail: "", hint: hint)
    }

    /// Names, types and shapes in a file may be as long as the file: what is quoted of them is not.
    private static func quotable(_ reason: String) -> String {
        let most = 400
        guard reason.utf8.count > most else { return reason }
        return "\(reason.prefix(most / 2)) … \(reason.suffix(most / 4))"
    }

    private static func fileName(_ path: String) -> Substring {
        path.split(separator: "/").last ?? "/"
    }
}
