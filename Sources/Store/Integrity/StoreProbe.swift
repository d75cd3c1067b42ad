import GRDB
import Glibc

/// Tries what a run's file needs of a file system, on a file of its own that is removed again.
package enum StoreProbe {
    /// Whether two connections can share a write-ahead log in `folder`, as the orchestrator and a dashboard do: what was
    /// committed through one must be there through the other. Network file systems often have no memory to share.
    /// - Returns: what does not work; nil where all does.
    package static func problem(in folder: String) -> String? {
        let path = "\(folder)/.doctor-\(getpid()).sqlite"
        defer { for ending in ["", "-wal", "-shm"] { unlink(path + ending) } }
        do {
            let writer = try SQLiteFile(creating: path)
            let mode = try writer.access { try String.fetchOne($0, sql: "PRAGMA journal_mode = WAL") ?? "" }
            guard mode == "wal" else { return "no write-ahead log can be kept here (SQLite says '\(mode)')" }
            try writer.access { try $0.execute(sql: "CREATE TABLE probe (one INTEGER); INSERT INTO probe VALUES (7)") }
            let reader = try SQLiteFile(path: path, mode: .reading)
            let seen = try reader.reading { try Int.fetchOne($0, sql: "SELECT one FROM probe") }
            try reader.close()
            try writer.close()
            return seen == 7 ? nil : "a second connection does not see what the first committed"
        } catch {
            return "SQLite cannot share memory here: \(error.summary)"
        }
    }
}
