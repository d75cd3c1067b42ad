import GRDB

@testable import Store

/// What happens to files that nobody meant to happen.
enum Damage {
    /// Runs SQL on a closed file, as another program could.
    static func run(_ sql: String, on path: String) throws {
        let file = try SQLiteFile(path: path, mode: .writing)
        try file.access { try $0.execute(sql: sql) }
        try file.close()
    }

    /// Breaks the values of every chunk, leaving the summaries.
    static func clearValues(of path: String) throws { try run("UPDATE chunk SET blob = x'00'", on: path) }
}
