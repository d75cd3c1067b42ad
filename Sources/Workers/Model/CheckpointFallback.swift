import Compute
import Glibc

/// What becomes of a checkpoint that a trial was to go on from and that turns out to be damaged.
enum CheckpointFallback {
    /// Appended to the name of a checkpoint that has been set aside; nothing goes on from such a folder.
    static let suffix = ".invalid"

    /// The error to report for `error`, met while loading the checkpoint of `step` at `path`.
    ///
    /// Where an older checkpoint of the role is whole, the damaged one is renamed, so that the next attempt goes on from
    /// the older one instead of meeting the same error again. Without an older one nothing is touched: a trial must not
    /// begin anew without being asked.
    static func consequence(of error: ComputeError, at path: String, step: UInt64) -> any Error {
        guard let slash = path.lastIndex(of: "/"), path[slash...] == "/step-\(step)" else { return error }
        let listing = CheckpointFolder.latest(in: String(path[..<slash]))
        guard let damaged = listing.skipped.first(where: { $0.path == path }), let older = listing.latest,
            older.step < step
        else { return error }
        // One that stands there already is of an earlier run of the same step, and no better.
        try? SystemFiles().removeFolder(path + suffix)
        guard rename(path, path + suffix) == 0 else { return error }
        return WorkerError(
            .storage, "the checkpoint \(path) is passed over: \(damaged.reason.summary)",
            detail: "It is now \(path)\(suffix).", hint: "the next attempt goes on from step \(older.step)")
    }
}
