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
        try sealTails()
        try commit()
    }
}

enum FileMode {
    static func of(_ path: String) throws -> UInt32 {
        var information = stat()
        guard stat(path, &information) == 0 else { throw FileBytes.Unreadable(path: path) }
        return information.st_mode & 0o777
    }
}
