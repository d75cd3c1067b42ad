import Foundation
import GRDB
import Glibc
import Protocol

/// A run's file as such: how it is made and what its one `run` row says.
enum RunFile {
    /// Makes the file at `path` with the newest schema and its `run` row, synced, not yet in WAL mode: readers of a
    /// file in that mode would need its log to see the schema. No log belongs to it yet: it is closed.
    static func make(_ path: String, header: RunHeader) throws(StoreError) {
        unlink(path)
        try makeEmpty(path)
        let file = try SQLiteFile(creating: path)
        try file.access { database in
            try SchemaMigrator.run.migrate(database, from: 0)
            try insert(header, into: database)
        }
        try file.close()
    }

    /// Makes an empty file with its mode, so that it is never open to others, whatever the umask; the log takes it over.
    static func makeEmpty(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StoreError(
                errno == ENOSPC ? .diskFull : .permission, path: path, detail: String(cString: strerror(errno)))
        }
        fchmod(descriptor, 0o600)
        close(descriptor)
    }

    private static func insert(_ header: RunHeader, into database: Database) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let text = String(decoding: try encoder.encode(header), as: UTF8.self)
        let fixed: [SQLValue] = [
            .text("\(header.id.experiment)"), .text("\(header.id.trial)"), .integer(header.startedWall),
            .integer(header.totalSteps), .text(text),
        ]
        let state = RunState().values
        try database.run(
            """
            INSERT INTO run (one, \(RunState.header), crc, \(RunState.columns), state_crc, closed)
            VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
            """, fixed + [.integer(Checksum.row(fixed))] + state + [.integer(Checksum.row(state))])
    }

    /// Whether a log belongs to the file.
    enum Condition {
        case open
        case closed
    }

    /// Writes into the file itself whether a log belongs to it, so that a copy of the file alone can tell: as a run is
    /// taken up, before anything else goes to the log.
    static func say(_ condition: Condition, _ database: Database) throws {
        switch condition {
        case .open:
            // In any case: a log that holds something says to everybody that it belongs to the file.
            try database.run("UPDATE run SET closed = 0")
            try database.run("PRAGMA wal_checkpoint(PASSIVE)")
        case .closed: try database.run("UPDATE run SET closed = 1")
        }
    }

    /// What a file without its log lacks, as a sentence; nil when it was closed in order.
    static func missingLog(_ database: Database) throws -> String? {
        try database.first("SELECT closed, end_time FROM run") { row in
            guard row.int64(0) == 0 else { return nil }
            let seconds = row.int64(1) / 1_000_000_000
            return "its log (run.sqlite-wal) is missing and the run was not closed: "
                + "what was recorded after \(seconds) s may be missing"
        } ?? nil
    }

    /// The header of a run; `.damaged` when it cannot be read.
    static func header(_ database: Database, path: String) throws -> RunHeader {
        guard let text = try database.first("SELECT header FROM run", [], { $0.text(0) }) else {
            throw StoreError(.damaged, path: path, detail: "it has no run row")
        }
        do {
            return try JSONDecoder().decode(RunHeader.self, from: Data(text.utf8))
        } catch {
            throw StoreError(.damaged, path: path, detail: "its header cannot be read: \(error)")
        }
    }
}
