import Compute
import Glibc
import Protocol

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
        guard let place = CheckpointPath(path), place.step == Int(clamping: step), let reason = fault(at: path),
            let older = newestWhole(in: place.folder, before: place.step)
        else { return error }
        // One that stands there already is of an earlier run of the same step, and no better.
        try? SystemFiles().removeFolder(path + suffix)
        guard rename(path, path + suffix) == 0 else { return error }
        return WorkerError(
            .storage, "the checkpoint \(path) is passed over: \(reason.summary)",
            detail: "It is now \(path)\(suffix).", hint: "the next attempt goes on from step \(older)")
    }

    /// Why a checkpoint cannot be loaded; nil for a whole one.
    private static func fault(at path: String) -> ComputeError? {
        do throws(ComputeError) {
            _ = try Checkpoint.open(path)
            return nil
        } catch {
            return error
        }
    }

    /// The newest step before `step` whose checkpoint in `folder` agrees with its manifest.
    private static func newestWhole(in folder: String, before step: Int) -> Int? {
        CheckpointPath.steps(in: folder).filter { $0 < step }.sorted(by: >).first { step in
            fault(at: "\(CheckpointPath(folder: folder, step: step))") == nil
        }
    }
}
