import Glibc
import Protocol

/// Keeps `run.json` as new as the disk allows.
struct RunRecordDesk {
    private let folder: TrialFolder
    private var newest: RunRecord?
    private var isDue = false
    /// What keeps the run from being stored, for whoever looks at the trial: the store itself cannot tell it.
    private var notice: String?

    init(folder: TrialFolder) { self.folder = folder }

    /// Whether the newest record is on the disk.
    var isSettled: Bool { !isDue }

    mutating func put(_ record: RunRecord) {
        newest = record
        isDue = true
    }

    mutating func say(_ words: String?) {
        guard notice != words else { return }
        notice = words
        isDue = newest != nil
    }

    /// The trial has not ended as the newest record says.
    mutating func correct(_ status: TrialStatus, detail: String) {
        newest?.status = status
        newest?.statusDetail = detail
        isDue = newest != nil
    }

    /// Writes the record if it is not on the disk yet. While the store refuses, that is also done in place: a full disk
    /// has no room for a new file beside the old one.
    mutating func write() {
        guard isDue, var record = newest else { return }
        record.refusal = record.status.isTerminal ? nil : notice
        if (try? record.write(folder)) != nil || (notice != nil && (try? record.overwrite(folder)) != nil) {
            isDue = false
        }
    }

    /// The last chance. A `run.json` that could not be replaced would claim for ever that the trial runs. Its own blocks
    /// can be written when no new ones are left; and where even that fails it can be removed: then readers ask the run
    /// itself.
    mutating func leave() {
        write()
        guard isDue, let newest else { return }
        if (try? newest.overwrite(folder)) != nil { return }
        unlink(folder.runFile)
        Diagnostics.write("\(folder.runFile) could not be written and was removed; the run itself says how it ended")
    }
}
