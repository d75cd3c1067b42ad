import GRDB
import Glibc

@testable import Store

/// What only tests do to a writer.
extension RunWriter {
    /// Makes the file unable to grow beyond `pages` (or its present size): what a full disk looks like to SQLite.
    func limitPages(to pages: Int) throws {
        try file.access { try $0.run("PRAGMA max_page_count = \(max(1, pages))") }
    }

    /// Seals every tail now, full or not, and commits.
    func sealEverything() throws {
        try commit()
        let ledger = try currentLedger()
        try file.access { database in
            try database.inTransaction {
                let appender = Appender(database: database, ledger: ledger)
                for set in ledger.sets.indices where ledger.sets[set].tailCount > 0 { try appender.seal(set) }
                return .commit
            }
        }
    }

    /// Whether something was appended since the last commit.
    var hasPending: Bool { isOpen }

    /// The last number of `source` and `epoch` that is stored or part of the open transaction; 0 for none.
    func lastSequence(source: String, epoch: UInt64) throws -> UInt64 {
        try currentLedger().sequences[Ledger.SourceKey(name: source, epoch: epoch)] ?? 0
    }
}

enum FileMode {
    static func of(_ path: String) throws -> UInt32 {
        var information = stat()
        guard stat(path, &information) == 0 else { throw FileBytes.Unreadable(path: path) }
        return information.st_mode & 0o777
    }
}
