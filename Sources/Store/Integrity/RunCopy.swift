import GRDB
import Glibc

/// Copies a run's file while it is written: one moment of it, as one plain file.
package enum RunCopy {
    /// Copies the run at `path` to `target`, which must not exist, and checks the copy from end to end.
    /// - Returns: what the check found; the copy of a damaged run is as damaged as the run.
    package static func make(of path: String, to target: String) throws(StoreError) -> IntegrityReport {
        guard access(target, F_OK) != 0 else { throw StoreError(.exists, path: target) }
        let opening = try RunOpening.open(path)
        try RunFile.makeEmpty(target)
        let copy = try SQLiteFile(creating: target)
        // In one step: a writer that commits in between would make a copy in several steps begin again.
        try opening.file.backUp(to: copy)
        try copy.access { database in
            try RunFile.say(.closed, database)
            try database.run("PRAGMA wal_checkpoint(TRUNCATE)")
        }
        try copy.close()
        var report = try Integrity.check(path: target)
        report.findings += opening.damage
        return report
    }
}
