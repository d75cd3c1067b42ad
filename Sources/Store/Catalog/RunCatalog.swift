import Foundation
import GRDB
import Glibc
package import Protocol

/// An index of all trials of a home, so that a list need not open a thousand runs.
///
/// It holds nothing that the runs do not: a catalogue that is missing or damaged is made again from the trial folders.
/// Several orchestrators write it; each change is one short transaction.
package final class RunCatalog: Sendable {
    private static let schema = SchemaMigrator(
        applicationID: 0x636b_6361,
        migrations: [
            """
            CREATE TABLE trial (
              experiment TEXT NOT NULL, trial TEXT NOT NULL, status TEXT NOT NULL, status_detail TEXT NOT NULL,
              started_wall INTEGER NOT NULL, updated_wall INTEGER NOT NULL, step INTEGER NOT NULL,
              total_steps INTEGER NOT NULL, pid INTEGER, start_ticks INTEGER, last BLOB NOT NULL,
              PRIMARY KEY (experiment, trial)
            );
            """
        ])

    private let file: SQLiteFile

    private init(file: SQLiteFile) { self.file = file }

    /// Opens the catalogue of `home`; makes it from the trial folders when there is none or it is damaged.
    package static func open(home: HomeFolder) throws(StoreError) -> RunCatalog {
        if let file = try openFile(home.catalog) { return RunCatalog(file: file) }
        // A home that cannot be made is reported by the lock that follows.
        try? FileManager.default.createDirectory(
            atPath: home.path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        return RunCatalog(file: try make(home, holding: WriterLock.wait(for: home.catalog)))
    }

    /// nil where there is no catalogue, or none that can be used.
    private static func openFile(_ path: String) throws(StoreError) -> SQLiteFile? {
        do {
            let file = try SQLiteFile(path: path, mode: .writing)
            try file.access { database in
                try schema.migrate(database, from: schema.check(database, path: path))
                _ = try database.first("SELECT COUNT(*) FROM trial") { $0.int(0) }
            }
            return file
        } catch {
            guard error.code == .notFound || error.code == .damaged else { throw error }
            return nil
        }
    }

    /// One process makes the catalogue; others that wanted to find it made when the lock is theirs.
    private static func make(_ home: HomeFolder, holding _: borrowing WriterLock) throws(StoreError) -> SQLiteFile {
        if let file = try openFile(home.catalog) { return file }
        // Filled beside and renamed, so that nobody ever opens half of it.
        let draft = "\(home.catalog).new"
        try fill(draft, from: home)
        for suffix in ["-wal", "-shm"] { unlink("\(home.catalog)\(suffix)") }
        guard rename(draft, home.catalog) == 0 else {
            throw StoreError(.database, path: home.catalog, detail: String(cString: strerror(errno)))
        }
        return try SQLiteFile(path: home.catalog, mode: .writing)
    }

    /// Makes the index of the trial folders. A trial whose run cannot be read has no line in it.
    private static func fill(_ path: String, from home: HomeFolder) throws(StoreError) {
        let entries = home.trialFolders().compactMap(line)
        for suffix in ["", "-wal", "-shm"] { unlink("\(path)\(suffix)") }
        try RunFile.makeEmpty(path)
        let file = try SQLiteFile(creating: path)
        try file.access { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
            try schema.migrate(database, from: 0)
            try database.inTransaction {
                for entry in entries { try write(entry, "INSERT OR REPLACE", in: database) }
                return .commit
            }
        }
        // The last connection folds the log back: what is renamed is one plain file.
        try file.close()
    }

    /// What the run in a folder says of the trial; nil where it cannot be read. A copy under another name is a trial of its
    /// own.
    private static func line(of folder: TrialFolder) -> CatalogEntry? {
        var entry = try? StoredRun.open(path: folder.database).catalogEntry()
        entry?.id = folder.id
        return entry
    }

    /// Takes in trials of `home` that have ended and are not in it: moved or copied there, or run where the catalogue could
    /// not be written. Otherwise each list opens their runs again.
    /// - Parameter most: how many runs are opened; the rest is for the next call.
    package func adopt(from home: HomeFolder, most: Int = 256) throws(StoreError) {
        let known = Set(try file.reading { try Self.entries($0, .states) }.map(\.id))
        for folder in home.trialFolders().lazy.filter({ !known.contains($0.id) }).prefix(most) {
            guard let entry = Self.line(of: folder), entry.status.isTerminal else { continue }
            // One that began meanwhile has written its own.
            try file.access { try Self.write(entry, "INSERT OR IGNORE", in: $0) }
        }
    }

    /// Stores an entry in place of the trial's last one.
    package func upsert(_ entry: CatalogEntry) throws(StoreError) {
        try file.access { try Self.write(entry, "INSERT OR REPLACE", in: $0) }
    }

    private static func write(_ entry: CatalogEntry, _ verb: String, in database: Database) throws {
        try database.run(
            "\(verb) INTO trial VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                .text("\(entry.id.experiment)"), .text("\(entry.id.trial)"), .text(entry.status.rawValue),
                .text(entry.statusDetail), .integer(entry.startedWall), .integer(entry.updatedWall),
                .integer(entry.step),
                .integer(entry.totalSteps), entry.orchestrator.map { .integer(Int64($0.pid)) } ?? .null,
                entry.orchestrator.map { .integer(Int64(bitPattern: $0.startTicks)) } ?? .null,
                .blob(LastValues.encode(entry.last)),
            ])
    }

    /// What a reader wants to know of each trial.
    package enum Detail: Sendable {
        /// Without the last values of its series, which are most of a catalogue.
        case states
        case everything
    }

    /// The entries of the catalogue of `home` as they stand; none where there is no catalogue. Writes nothing.
    package static func read(home: HomeFolder, _ detail: Detail) throws(StoreError) -> [CatalogEntry] {
        var information = stat()
        guard stat(home.catalog, &information) == 0 else { return [] }
        let hasLog = stat("\(home.catalog)-wal", &information) == 0 && information.st_size > 0
        let file = try SQLiteFile(path: home.catalog, mode: hasLog ? .reading : .immutable)
        return try file.reading { database in
            try schema.check(database, path: home.catalog)
            return try entries(database, detail)
        }
    }

    /// All entries, the trial that was started last first. Entries with names that break the rules are left out.
    package func entries() throws(StoreError) -> [CatalogEntry] {
        try file.reading { try Self.entries($0, .everything) }
    }

    private static func entries(_ database: Database, _ detail: Detail) throws -> [CatalogEntry] {
        let last =
            switch detail {
            case .states: "x''"
            case .everything: "last"
            }
        return try database.rows(
            """
            SELECT experiment, trial, status, status_detail, started_wall, updated_wall, step, total_steps, pid,
              start_ticks, \(last) FROM trial ORDER BY started_wall DESC, experiment, trial
            """, [], Self.entry
        ).compactMap { $0 }
    }

    private static func entry(_ row: SQLStatement) -> CatalogEntry? {
        guard let experiment = try? ExperimentName(row.text(0)), let trial = try? TrialName(row.text(1)) else {
            return nil
        }
        let orchestrator: ProcessIdentity? =
            row.isNull(8)
            ? nil
            : ProcessIdentity(
                pid: Int32(truncatingIfNeeded: row.int64(8)), startTicks: UInt64(bitPattern: row.int64(9)))
        let last = row.withBytes(10) { LastValues.decode($0) }
        return CatalogEntry(
            id: TrialID(experiment: experiment, trial: trial), status: TrialStatus(rawValue: row.text(2)) ?? .failed,
            statusDetail: row.text(3), startedWall: row.int64(4), updatedWall: row.int64(5), step: row.int(6),
            totalSteps: row.int(7), orchestrator: orchestrator, last: last)
    }
}
