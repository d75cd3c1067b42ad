import GRDB

/// Brings a database to the newest of an ordered list of schema versions; `PRAGMA user_version` says where it is.
struct SchemaMigrator {
    let applicationID: Int64
    /// The SQL that leads from version k to version k + 1.
    let migrations: [String]

    static let run = SchemaMigrator(applicationID: RunSchema.applicationID, migrations: RunSchema.migrations)

    /// Refuses a file of another program or of a newer version; - Returns: its version.
    @discardableResult
    func check(_ database: Database, path: String) throws -> Int {
        guard try number("application_id", of: database) == applicationID else {
            throw StoreError(.damaged, path: path, detail: "it belongs to another program")
        }
        let version = Int(try number("user_version", of: database))
        if version > migrations.count {
            throw StoreError(
                .newerSchema, path: path,
                detail: "its schema is version \(version), this build knows \(migrations.count)")
        }
        guard version > 0 else { throw StoreError(.damaged, path: path, detail: "it has no schema") }
        return version
    }

    /// Applies what is missing, each version in a transaction of its own.
    func migrate(_ database: Database, from version: Int) throws {
        for next in migrations.indices.dropFirst(version) {
            try database.inTransaction(.immediate) {
                try database.execute(sql: migrations[next])
                // Pragmas take no bound parameters; both numbers are our own.
                try database.execute(sql: "PRAGMA application_id = \(applicationID)")
                try database.execute(sql: "PRAGMA user_version = \(next + 1)")
                return .commit
            }
        }
    }

    private func number(_ pragma: String, of database: Database) throws -> Int64 {
        try database.first("PRAGMA \(pragma)") { $0.int64(0) } ?? 0
    }
}
